using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Refinery.Contract;

/// <summary>Where a Postgres is, in the forms people write it: a URI or keywords as its own tools take them, or a .NET connection string.</summary>
/// <remarks>
/// No fault quotes what may be a piece of a password: one that holds a '?' or a blank and is not encoded falls apart anywhere.
/// Source: postgresql.org/docs, "Connection Strings" of libpq.
/// </remarks>
public static partial class PostgresDsn
{
    /// <summary>The longest time to connect that .NET's keyword takes, in seconds.</summary>
    private const int LongestTimeout = 1024;

    private static readonly string[] Schemes = ["postgres://", "postgresql://"];

    /// <summary>The parameters that both worlds have, by their libpq names.</summary>
    private static readonly Dictionary<string, string> Keywords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["host"] = "Host", ["hostaddr"] = "Host", ["port"] = "Port", ["user"] = "Username", ["password"] = "Password", ["dbname"] = "Database", ["passfile"] = "Passfile",
        ["sslmode"] = "SSL Mode", ["sslrootcert"] = "Root Certificate", ["sslcert"] = "SSL Certificate", ["sslkey"] = "SSL Key", ["sslpassword"] = "SSL Password",
        ["application_name"] = "Application Name", ["connect_timeout"] = "Timeout", ["options"] = "Options", ["target_session_attrs"] = "Target Session Attributes",
        ["client_encoding"] = "Client Encoding", ["channel_binding"] = "Channel Binding", ["gssencmode"] = "GSS Encryption Mode", ["sslnegotiation"] = "SSL Negotiation",
    };

    /// <summary>The words that a parameter may be.</summary>
    private static readonly Dictionary<string, string[]> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["sslmode"] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
        ["target_session_attrs"] = ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"],
        ["channel_binding"] = ["disable", "prefer", "require"],
        ["gssencmode"] = ["disable", "prefer", "require"],
        ["sslnegotiation"] = ["postgres", "direct"],
    };

    /// <summary>The same as a .NET connection string of keywords.</summary>
    /// <param name="dsn"><c>postgres://user:password@host:5432/database?sslmode=require</c>, <c>host=… dbname=…</c> or <c>Host=…;Database=…</c>.</param>
    /// <exception cref="FormatException">It is none of these; the message says what is wrong, without the text, which may hold a password.</exception>
    public static string ToConnectionString(string dsn)
    {
        var text = dsn.Trim();
        return text switch
        {
            "" => throw new FormatException("it is empty; postgres://user@host/database or host=… dbname=… is expected"),
            _ when Uri(text) is { } rest => FromUri(rest),
            _ when HasScheme(text) => throw new FormatException("its scheme is another; postgres:// or postgresql:// is expected"),
            _ when IsParted(text) => Checked(text),
            _ => Build(FromWords(text), mayName: false),
        };
    }

    private static string? Uri(string text) => Schemes
        .Where(scheme => text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        .Select(scheme => text[scheme.Length..])
        .FirstOrDefault();

    /// <summary>A password may hold "://", too.</summary>
    private static bool HasScheme(string text) => text.IndexOf("://", StringComparison.Ordinal) is > 0 and var at && !text[..at].Contains('=', StringComparison.Ordinal);

    /// <summary>Whether ';' comes after the first value, as .NET has it, and not a blank and the next word.</summary>
    private static bool IsParted(string text) => FirstValue().Match(text) is { Success: true } first && Divider().Match(text, first.Length).Value == ";";

    private static string Checked(string text)
    {
        try
        {
            return new DbConnectionStringBuilder { ConnectionString = text }.ConnectionString;
        }
        catch (ArgumentException fault)
        {
            throw new FormatException("it is no list of Keyword=value pairs with ';' between them", fault);
        }
    }

    private static string FromUri(string rest)
    {
        var (place, query) = Cut(rest, '?');
        var (authority, database) = Cut(place, '/');
        var at = authority.LastIndexOf('@');
        var (user, password) = Cut(at < 0 ? string.Empty : authority[..at], ':');
        List<(string Name, string Value)> given =
        [
            ("user", user), ("password", password), ("dbname", database),
            .. Hosts(authority[(at + 1)..]), .. query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(Parameter),
        ];
        return Build(given.Select(pair => (Decode(pair.Name), Decode(pair.Value))), mayName: !query.Contains('@', StringComparison.Ordinal));
    }

    private static (string Name, string Value) Parameter(string text) => text.Contains('=', StringComparison.Ordinal)
        ? Cut(text, '=') is ("ssl", "true") ? ("sslmode", "require") : Cut(text, '=')
        : throw new FormatException("a parameter after its '?' has no '='; in a user or password '?' is written %3F, '/' %2F and '@' %40");

    /// <summary>One host, or several that are tried in turn.</summary>
    private static IEnumerable<(string Name, string Value)> Hosts(string text)
    {
        if (text.Contains(',', StringComparison.Ordinal))
        {
            return [("host", text)];
        }

        var colon = text.LastIndexOf(':');
        return colon > text.LastIndexOf(']')
            ? [("host", text[..colon].Trim('[', ']')), ("port", text[(colon + 1)..])]
            : [("host", text.Trim('[', ']'))];
    }

    /// <summary>Words with white space between them; a value with some stands in single quotes, where a backslash takes the next character as it is.</summary>
    private static IEnumerable<(string Name, string Value)> FromWords(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            var equals = text.IndexOf('=', at);
            if (equals < 0)
            {
                throw new FormatException("a word in it has no '='; postgres://user@host/database or host=… dbname=… is expected");
            }

            var (value, next) = Value(text, SkipBlanks(text, equals + 1));
            yield return (text[at..equals].Trim(), value);
            at = SkipBlanks(text, next);
        }
    }

    private static (string Value, int Next) Value(string text, int at)
    {
        var value = new StringBuilder();
        var isQuoted = at < text.Length && text[at] == '\'';
        for (at += isQuoted ? 1 : 0; at < text.Length && !(isQuoted ? text[at] == '\'' : char.IsWhiteSpace(text[at])); at++)
        {
            at += text[at] == '\\' && at + 1 < text.Length ? 1 : 0;
            value.Append(text[at]);
        }

        return isQuoted && at >= text.Length
            ? throw new FormatException("a quote in it is not closed")
            : (value.ToString(), at + (isQuoted ? 1 : 0));
    }

    private static int SkipBlanks(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        return at;
    }

    /// <param name="given">By libpq names; of two values the later holds, and an empty one says nothing.</param>
    /// <param name="mayName">Whether an unknown name is surely no piece of a password.</param>
    private static string Build(IEnumerable<(string Name, string Value)> given, bool mayName)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in given.Where(pair => pair.Value.Length > 0))
        {
            values[name] = Keywords.ContainsKey(name) ? Translated(name, value) : throw new FormatException(
                $"{(mayName ? $"the parameter '{name}'" : "a parameter")} in it is not known; {string.Join(", ", Keywords.Keys)} are");
        }

        Pair(values);
        var built = new DbConnectionStringBuilder();
        foreach (var (name, value) in values)
        {
            built[Keywords[name]] = value;
        }

        return built.ConnectionString;
    }

    /// <summary>A value as .NET has it.</summary>
    private static string Translated(string name, string value) => name.ToLowerInvariant() switch
    {
        "port" => value.Split(',').All(port => port.Length == 0 || Number(port) is > 0 and <= ushort.MaxValue)
            ? value
            : throw new FormatException("its port is no number from 1 to 65535; in a user or password ':' is written %3A, '/' %2F and '@' %40"),
        "connect_timeout" => Number(value) is { } seconds
            ? Math.Clamp(seconds, 0, LongestTimeout).ToString(CultureInfo.InvariantCulture)
            : throw new FormatException("its connect_timeout is no whole number of seconds"),
        var known when Words.TryGetValue(known, out var words) => words.Contains(value, StringComparer.OrdinalIgnoreCase)
            ? known == "sslmode" ? value.Replace("-", string.Empty, StringComparison.Ordinal) : value
            : throw new FormatException($"its {known} is none of {string.Join(", ", words)}"),
        _ => value,
    };

    /// <summary>What libpq says in two parameters and .NET in one: the port of each of several hosts, and a host's address beside its name.</summary>
    private static void Pair(Dictionary<string, string> values)
    {
        if (values.ContainsKey("host"))
        {
            values.Remove("hostaddr");
        }

        // The driver knows the system's authorities without being told.
        if (values.GetValueOrDefault("sslrootcert") == "system")
        {
            values.Remove("sslrootcert");
        }

        if (values.GetValueOrDefault("port")?.Split(',') is { Length: > 1 } ports && values.Remove("port"))
        {
            var key = values.ContainsKey("host") ? "host" : "hostaddr";
            var hosts = values.GetValueOrDefault(key, string.Empty).Split(',');
            values[key] = hosts.Length == ports.Length
                ? string.Join(',', hosts.Zip(ports, (host, port) => port.Length == 0 ? host : $"{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{port}"))
                : throw new FormatException($"it has {ports.Length} ports for {hosts.Length} hosts; one for all or one for each is expected");
        }
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static (string Name, string Value) Cut(string text, char at) =>
        text.IndexOf(at) is >= 0 and var index ? (text[..index], text[(index + 1)..]) : (text, string.Empty);

    private static string Decode(string text) => System.Uri.UnescapeDataString(text);

    [GeneratedRegex("""^[^=]*=\s*("[^"]*"|'(\\.|[^'\\])*')?""", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex FirstValue();

    [GeneratedRegex(@";|\s\w+\s*=", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Divider();
}
