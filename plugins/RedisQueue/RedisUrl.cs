using System.Globalization;
using Microsoft.Extensions.Configuration;
using Refinery.Contract;
using StackExchange.Redis;

namespace Refinery.RedisQueue;

/// <summary>What <c>REDIS_URL</c> says. It is never quoted: a password may stand anywhere in a URL that is written wrong.</summary>
internal sealed class RedisUrl
{
    private const string Setting = "REDIS_URL";
    private const string Default = "redis://127.0.0.1:6379";
    private const string Expected = "redis://[[user]:password@]host[:port][/database] is expected, or rediss:// for TLS";

    /// <summary>The one user that a password alone logs in.</summary>
    private const string DefaultUser = "default";
    private const int DefaultPort = 6379;
    private const int ConnectMilliseconds = 2000;

    private RedisUrl(Uri url, ConfigurationOptions options)
    {
        var port = url.Port < 0 ? DefaultPort : url.Port;
        Server = $"{url.Host}:{port}";
        Options = options;
        options.EndPoints.Add(url.DnsSafeHost, port);
    }

    /// <summary>Host and port.</summary>
    public string Server { get; }

    /// <summary>How to connect, the password with it.</summary>
    public ConfigurationOptions Options { get; }

    /// <summary>Reads it.</summary>
    /// <exception cref="PluginException">It is no address of a Redis server.</exception>
    public static RedisUrl Read(IConfiguration configuration)
    {
        var text = configuration[Setting] is { Length: > 0 } set ? set : Default;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url)
            || url is not { Scheme: "redis" or "rediss", Host.Length: > 0, Query: "", Fragment: "" }
            || DatabaseOf(url) is not { } database)
        {
            throw new PluginException($"{Setting} is no address of a Redis server; {Expected}.");
        }

        return new RedisUrl(url, new ConfigurationOptions
        {
            // A server that is away is tried again for as long as it takes.
            AbortOnConnectFail = false,
            ConnectRetry = 1,
            ConnectTimeout = ConnectMilliseconds,
            KeepAlive = 1,
            DefaultDatabase = database,
            Password = PasswordOf(url),
            Ssl = url.Scheme == "rediss",
            SslHost = url.DnsSafeHost,
            ClientName = "refinery",

            // Several servers of which one leads are not served: what the library keeps and tells for them is left out.
            TieBreaker = string.Empty,
            ConfigurationChannel = string.Empty,
        });
    }

    private static int? DatabaseOf(Uri url) =>
        url.AbsolutePath is "" or "/" ? 0
        : int.TryParse(url.AbsolutePath.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : null;

    /// <summary>Without a colon the whole is the password, as the server's own tools have it.</summary>
    private static string? PasswordOf(Uri url)
    {
        var colon = url.UserInfo.IndexOf(':', StringComparison.Ordinal);
        if (colon > 0 && Uri.UnescapeDataString(url.UserInfo[..colon]) != DefaultUser)
        {
            throw new PluginException($"{Setting} names a user other than '{DefaultUser}', and this client logs in as that one only; {Expected}.");
        }

        var password = Uri.UnescapeDataString(url.UserInfo[(colon + 1)..]);
        return password.Length == 0 ? null : password;
    }
}
