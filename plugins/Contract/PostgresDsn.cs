using System.Data.Common;
using System.Text;

namespace Refinery.Contract;

/// <summary>Where a Postgres is, in the forms people write it: a URI or keywords as its own tools take them, or a .NET connection string.</summary>
/// <remarks>Source: postgresql.org/docs, "Connection Strings" of libpq.</remarks>
public static class PostgresDsn
{
    /// <summary>The parameters that both worlds have, by their libpq names.</summary>
    private static readonly Dictionary<string, string> Keywords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["host"] = "Host", ["hostaddr"] = "Host", ["port"] = "Port", ["user"] = "Username", ["password"] = "Password", ["dbname"] = "Database", ["passfile"] = "Passfile",
        ["sslmode"] = "SSL Mode", ["sslrootcert"] = "Root Certificate", ["sslcert"] = "SSL Certificate", ["sslkey"] = "SSL Key", ["sslpassword"] = "SSL Password",
        ["application_name"] = "Application Name", ["connect_timeout"] = "Timeout", ["options"] = "Options", ["target_session_attrs"] = "Target Session Attributes",
        ["client_encoding"] = "Client Encoding",
    };

    /// <summary>The same as a .NET connection string of keywords.</summary>
    /// <param name="dsn"><c>postgres://user:password@host:5432/database?sslmode=require</c>, <c>host=… dbname=…</c> or <c>Host=…;Database=…</c>.</param>
    /// <exception cref="FormatException">It is none of these; the message says what is wrong, without the text, which may hold a password.</exception>
    public static string ToConnectionString(string dsn)
    {
        var text = dsn.Trim();
        return text switch
        {
            _ when Uri(text) is { } rest => FromUri(rest),
            _ when text.Contains("://", StringComparison.Ordinal) => throw new FormatException("its scheme is another; postgres:// or postgresql:// is expected"),
            _ when text.Contains(';', StringComparison.Ordinal) => Checked(text),
            _ => FromWords(text),
        };
    }

    private static string? Uri(string text) => new[] { "postgres://", "postgresql://" }
        .Where(scheme => text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        .Select(scheme => text[scheme.Length..])
        .FirstOrDefault();

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
        var given = new List<(string Name, string Value)>
        {
            ("user", user), ("password", password), ("dbname", database), .. Hosts(authority[(at + 1)..]),
        };
        given.AddRange(query.Split('&').Select(pair => Cut(pair, '=')));
        return Build(given.Select(pair => (Decode(pair.Name), Decode(pair.Value))));
    }

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
    private static string FromWords(string text)
    {
        var given = new List<(string Name, string Value)>();
        for (var at = 0; at < text.Length;)
        {
            var equals = text.IndexOf('=', at);
            if (equals < 0)
            {
                throw new FormatException("a word in it has no '='; postgres://user@host/database or host=… dbname=… is expected");
            }

            var (value, next) = Value(text, SkipBlanks(text, equals + 1));
            given.Add((text[at..equals].Trim(), value));
            at = SkipBlanks(text, next);
        }

        return Build(given);
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

    private static string Build(IEnumerable<(string Name, string Value)> given)
    {
        var built = new DbConnectionStringBuilder();
        foreach (var (name, value) in given.Where(pair => pair.Value.Length > 0))
        {
            built[Keywords.GetValueOrDefault(name) ?? throw new FormatException($"the parameter '{name}' in it is not known; {string.Join(", ", Keywords.Keys)} are")] =
                name.Equals("sslmode", StringComparison.OrdinalIgnoreCase) ? value.Replace("-", string.Empty, StringComparison.Ordinal) : value;
        }

        return built.ConnectionString;
    }

    private static (string Name, string Value) Cut(string text, char at) =>
        text.IndexOf(at) is >= 0 and var index ? (text[..index], text[(index + 1)..]) : (text, string.Empty);

    private static string Decode(string text) => System.Uri.UnescapeDataString(text);
}
