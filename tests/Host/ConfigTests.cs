using System.Text.Json;

namespace Refinery.Tests.Host;

/// <summary>The configuration is shown without its secrets.</summary>
public sealed class ConfigTests
{
    [Fact]
    public async Task A_fresh_host_shows_every_member()
    {
        await using var host = await RefineryHost.StartAsync();

        var config = await host.GetAsync("/api/config");

        Assert.Equal(
            ["strategy", "target", "index", "queue_backend", "db", "worker", "features", "limits", "version"],
            config.EnumerateObject().Select(member => member.Name));
        Assert.Equal("pinned", config.GetProperty("strategy").GetString());
        Assert.Equal("file", config.GetProperty("queue_backend").GetString());
        Assert.Equal("sqlite", config.GetProperty("db").GetProperty("kind").GetString());
        Assert.Equal("""{"mode":"local","token_required":false}""", config.GetProperty("worker").GetRawText());
        Assert.Equal("""{"kafka":false,"metrics":false}""", config.GetProperty("features").GetRawText());
    }

    [Fact]
    public async Task No_secret_shows_whatever_is_set()
    {
        const string secret = "hunter2";
        await using var host = await RefineryHost.StartAsync(
            ("WORKER_TOKEN", secret),
            ("LEVIATHAN_CONTROL_PLANE_TOKEN", secret),
            ("WORKER_WEBHOOK_URL", $"http://bob:{secret}@127.0.0.1:1/{secret}?key={secret}"),
            ("WORKER_LOCAL_CMD", $"worker --token {secret}"),
            ("INDEX_URL", $"https://bob:{secret}@index.example.org/simple?key={secret}#{secret}"),
            ("EXTRA_INDEX_URLS", $"https://{secret}@one.example.org/simple https://two.example.org/simple?token={secret}"),
            ("FIND_LINKS", $"/srv/wheels https://x:{secret}@files.example.org/"),
            ("POSTGRES_PASSWORD", secret),
            ("REDIS_URL", $"redis://:{secret}@redis:6379/0"),
            ("KAFKA_BROKERS", $"sasl://bob:{secret}@kafka:9092"),
            ("CORS_ORIGINS", "https://ui.example.org"));

        var config = await host.GetAsync("/api/config");

        Assert.DoesNotContain(secret, config.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(
            """{"index_url":"https://index.example.org/simple","extra_index_urls":["https://one.example.org/simple","https://two.example.org/simple"],"find_links":["/srv/wheels","https://files.example.org/"]}""",
            config.GetProperty("index").GetRawText());
        Assert.Equal("""{"mode":"webhook","token_required":true}""", config.GetProperty("worker").GetRawText());
    }

    [Theory]
    [InlineData("https://u:p/w@host/simple", "(hidden)")]
    [InlineData("user:pass@host/simple", "(hidden)")]
    [InlineData("/srv/wheels", "/srv/wheels")]
    [InlineData("https://u:p@host:81/simple?x=1#y", "https://host:81/simple")]
    public void What_cannot_be_read_as_a_url_and_may_hold_userinfo_is_hidden(string text, string shown) =>
        Assert.Equal(shown, Refinery.Host.PublicUrl.Of(text));

    [Fact]
    public async Task Ready_says_what_was_asked()
    {
        await using var host = await RefineryHost.StartAsync();

        var ready = await host.GetAsync("/api/ready");

        Assert.Equal("""{"status":"ready","checks":{"database":"ok","queue":"ok"}}""", JsonSerializer.Serialize(ready));
    }
}
