using System.Net;
using Microsoft.Extensions.Configuration;
using Refinery.Contract;
using Refinery.RedisQueue;

namespace Refinery.Tests.Plugins;

/// <summary>How a server is named, and that a password is told to nobody but the server.</summary>
public sealed class RedisUrlTests
{
    private const string Secret = "p:ä/s@s w%rd";

    [Theory]
    [InlineData(null, "127.0.0.1:6379", 0, null, false)]
    [InlineData("", "127.0.0.1:6379", 0, null, false)]
    [InlineData("redis://cache", "cache:6379", 0, null, false)]
    [InlineData("redis://cache:7000/", "cache:7000", 0, null, false)]
    [InlineData("REDIS://Cache_1.internal:7000/15", "cache_1.internal:7000", 15, null, false)]
    [InlineData("rediss://cache:7000/2", "cache:7000", 2, null, true)]
    [InlineData("redis://:word@cache", "cache:6379", 0, "word", false)]
    [InlineData("redis://default:word@cache", "cache:6379", 0, "word", false)]
    [InlineData("redis://word@cache", "cache:6379", 0, "word", false)]
    [InlineData("redis://:a:b%2Fc%40d@cache:1", "cache:1", 0, "a:b/c@d", false)]
    [InlineData("redis://:@cache", "cache:6379", 0, null, false)]
    [InlineData("redis://[::1]:7000/1", "[::1]:7000", 1, null, false)]
    public void A_url_says_where_and_who(string? text, string server, int database, string? password, bool secure)
    {
        var url = Read(text);

        Assert.Equal((server, database, password, secure), (url.Server, url.Options.DefaultDatabase, url.Options.Password, url.Options.Ssl));
    }

    [Fact]
    public void An_address_of_the_sixth_version_is_understood() =>
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 7000), Assert.Single(Read("redis://[::1]:7000").Options.EndPoints));

    [Theory]
    [InlineData("cache:6379")]
    [InlineData("127.0.0.1")]
    [InlineData("http://:hunter2@cache:6379")]
    [InlineData("redis://:hunter2@")]
    [InlineData("redis:///1")]
    [InlineData("redis://:hunt/er2@cache")]
    [InlineData("redis://:hunt#er2@cache")]
    [InlineData("redis://:hunt?er2@cache")]
    [InlineData("redis://cache/hunter2")]
    [InlineData("redis://cache/-1")]
    [InlineData("redis://cache/1/2")]
    [InlineData("redis://cache/99999999999")]
    [InlineData("redis://cache:123456/1")]
    [InlineData("redis://:hunter2@cache?ssl=true")]
    [InlineData("redis://one:1,two:2")]
    public void What_is_no_address_is_refused_and_not_quoted(string text) => Assert.Equal(
        "REDIS_URL is no address of a Redis server; redis://[[user]:password@]host[:port][/database] is expected, or rediss:// for TLS.",
        Assert.Throws<PluginException>(() => Read(text)).Message);

    [Fact]
    public void Another_user_is_refused_and_not_quoted() => Assert.Equal(
        "REDIS_URL names a user other than 'default', and this client logs in as that one only; redis://[[user]:password@]host[:port][/database] is expected, or rediss:// for TLS.",
        Assert.Throws<PluginException>(() => Read("redis://ada:hunter2@cache")).Message);

    [Theory]
    [InlineData("")]
    [InlineData("default")]
    public async Task The_password_of_the_url_opens_the_server(string user)
    {
        using var server = new RedisServer($"--requirepass '{Secret}'");
        using var log = new RecordedLog();
        await using var queue = await OpenAsync($"redis://{user}:{Uri.EscapeDataString(Secret)}@{server.Address}/3", log);

        await queue.EnqueueAsync([new("a", "type", 0, 0, DateTimeOffset.UnixEpoch)], CancellationToken.None);

        Assert.Equal("+OK", server.Ask($"AUTH \"{Secret}\"", "SELECT 3", "RENAME {refinery:queue}:items found"));
        Assert.Empty(log.Warnings);
    }

    [Theory]
    [InlineData("redis://:hunter2@")]
    [InlineData("redis://")]
    public async Task A_wrong_password_is_said_and_not_shown_and_may_be_mended_on_the_server(string start)
    {
        using var server = new RedisServer($"--requirepass '{Secret}'");
        using var log = new RecordedLog();
        await using var queue = await OpenAsync(start + server.Address, log);

        var fault = await Assert.ThrowsAsync<IOException>(() => queue.StatsAsync(CancellationToken.None));

        Assert.Equal($"Redis at {server.Address} does not accept the password of REDIS_URL.", fault.Message);
        Assert.Equal([$"{fault.Message} Steps are called from the database until it answers."], log.Warnings);
        Assert.DoesNotContain("hunter2", fault.ToString(), StringComparison.Ordinal);

        server.Ask($"AUTH \"{Secret}\"", $"CONFIG SET requirepass {(start.Contains('@', StringComparison.Ordinal) ? "hunter2" : "\"\"")}");
        await Wait.UntilAsync(async () => await AnswersAsync(queue));
    }

    [Fact]
    public async Task A_cluster_takes_the_keys_together()
    {
        using var server = new RedisServer("--cluster-enabled yes");
        server.Ask("CLUSTER ADDSLOTSRANGE 0 16383");
        using var log = new RecordedLog();
        await using var queue = await OpenAsync(server.Url, log);
        await Wait.UntilAsync(async () => await AnswersAsync(queue));

        await queue.EnqueueAsync([new("a", "type", 0, 0, DateTimeOffset.UnixEpoch)], CancellationToken.None);

        Assert.Equal(1, (await queue.StatsAsync(CancellationToken.None)).Length);
        Assert.Single(await queue.PopAsync(1, TimeSpan.Zero, CancellationToken.None));
        Assert.Equal(0, await queue.ClearAsync(CancellationToken.None));
    }

    private static async Task<bool> AnswersAsync(IQueueBackend queue)
    {
        try
        {
            await queue.StatsAsync(CancellationToken.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static RedisUrl Read(string? url) => RedisUrl.Read(ConfigurationOf(url));

    private static IConfigurationRoot ConfigurationOf(string? url) => new ConfigurationBuilder().AddInMemoryCollection([new("REDIS_URL", url)]).Build();

    private static Task<IQueueBackend> OpenAsync(string url, RecordedLog log) =>
        new RedisQueuePlugin().OpenAsync(new(ConfigurationOf(url), Path.GetTempPath(), TimeProvider.System, log), CancellationToken.None);
}
