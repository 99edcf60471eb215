using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;

namespace Refinery.Tests.Logs;

/// <summary>Logs are stored and read over the real port.</summary>
public sealed class LogEndpointTests
{
    [Fact]
    public async Task A_log_comes_back_as_it_was_posted()
    {
        await using var host = await RefineryHost.StartAsync();
        const string content = "héllo ✓ 🛠\ttab \"quoted\" \\ back\r\nsecond\n\nlast";

        var stored = await host.PostAsync("/api/logs", new { name = "Foo_Bar", version = "1.0+cpu.1", content, attempt = 2, run_id = "r1", timestamp = 1700000000 });
        var read = await host.GetAsync("/api/logs/foo.bar/1.0%2Bcpu.1");

        Assert.Equal(content, read.GetProperty("content").GetString());
        Assert.Equal("Foo_Bar", read.GetProperty("name").GetString());
        Assert.Equal("2023-11-14T22:13:20.000000Z", read.GetProperty("timestamp").GetString());
        Assert.Equal(2, read.GetProperty("attempt").GetInt32());
        Assert.Equal("r1", read.GetProperty("run_id").GetString());
        Assert.Equal(4, read.GetProperty("lines").GetInt32());
        Assert.Equal(Encoding.UTF8.GetByteCount(content), read.GetProperty("size_bytes").GetInt32());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content))), read.GetProperty("sha256").GetString());
        Assert.Equal(read.GetProperty("sha256").GetString(), stored.GetProperty("sha256").GetString());
    }

    [Fact]
    public async Task The_newest_log_is_answered_and_that_of_an_attempt_when_asked()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/logs", new { name = "a", version = "1", content = "newest", attempt = 2, timestamp = 1700000300 });
        await host.PostAsync("/api/logs", new { name = "a", version = "1", content = "first", attempt = 1, timestamp = 1700000100 });
        await host.PostAsync("/api/logs", new { name = "a", version = "1", content = "first, again", attempt = 1, timestamp = 1700000100 });

        var newest = await host.GetAsync("/api/logs/a/1");
        var first = await host.GetAsync("/api/logs/a/1?attempt=1");
        using var third = await host.Http.GetAsync("/api/logs/a/1?attempt=3");

        Assert.Equal("newest", newest.GetProperty("content").GetString());
        Assert.Equal("first, again", first.GetProperty("content").GetString());
        Assert.Equal(HttpStatusCode.NotFound, third.StatusCode);
    }

    [Theory]
    [InlineData("search", "9.9", "/api/logs/search/9.9")]
    [InlineData("stream", "9.9", "/api/logs/stream/9.9")]
    [InlineData("cpu", "1.0+cpu.1", "/api/logs/cpu/1.0%2Bcpu.1")]
    public async Task A_package_may_be_called_like_a_route_and_a_version_have_a_plus(string name, string version, string path)
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/logs", new { name, version, content = "found" });

        var found = await host.GetAsync(path);

        Assert.Equal("found", found.GetProperty("content").GetString());
    }

    [Fact]
    public async Task The_text_alone_is_answered_whole_and_in_parts()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/logs", new { name = "a", version = "1", content = "0123456789\n" });

        using var whole = await GetTextAsync(host, "/api/logs/a/1", range: null);
        using var part = await GetTextAsync(host, "/api/logs/a/1", new RangeHeaderValue(3, 5));
        using var tail = await GetTextAsync(host, "/api/logs/a/1", new RangeHeaderValue(null, 2));
        using var beyond = await GetTextAsync(host, "/api/logs/a/1", new RangeHeaderValue(50, 60));

        Assert.Equal("0123456789\n", await whole.Content.ReadAsStringAsync());
        Assert.Equal("text/plain", whole.Content.Headers.ContentType?.MediaType);
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal("345", await part.Content.ReadAsStringAsync());
        Assert.Equal("9\n", await tail.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, beyond.StatusCode);
    }

    [Theory]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/plain")]
    [InlineData("*/*", "application/json")]
    [InlineData("application/json, text/html;q=0.5", "application/json")]
    public async Task A_browser_that_follows_a_link_gets_the_text(string accepted, string type)
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/logs", new { name = "a", version = "1", content = "<b>text</b>" });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/logs/a/1");
        request.Headers.Accept.ParseAdd(accepted);

        using var response = await host.Http.SendAsync(request);

        Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Fact]
    public async Task Nul_becomes_the_replacement_character()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/logs", new { name = "a", version = "1", run_id = "r\0s", content = "x\0y" });

        var read = await host.GetAsync("/api/logs/a/1");

        Assert.Equal(("r\uFFFDs", "x\uFFFDy"), (read.GetProperty("run_id").GetString(), read.GetProperty("content").GetString()));
    }

    [Theory]
    [InlineData("""{"name":""", "JSON")]
    [InlineData("""{"name":"a","content":"x"}""", "version")]
    [InlineData("""{"version":"1","content":"x"}""", "name")]
    [InlineData("""{"name":"a","version":"1"}""", "content")]
    [InlineData("""{"name":"a","version":"1","content":5}""", "content")]
    [InlineData("""{"name":"","version":"1","content":"x"}""", "name")]
    [InlineData("""{"name":"a","version":" ","content":"x"}""", "version")]
    [InlineData("""{"name":"a","version":"1","content":"x","attempt":0}""", "attempt")]
    [InlineData("""{"name":"a","version":"1","content":"x","attempt":"two"}""", "attempt")]
    [InlineData("""{"name":"a","version":"1","content":"x","timestamp":"yesterday"}""", "timestamp")]
    [InlineData("""[]""", "body")]
    [InlineData("", "body")]
    public async Task A_bad_body_is_refused_by_its_fault_and_stores_nothing(string body, string named)
    {
        await using var host = await RefineryHost.StartAsync();

        var detail = await host.PostRefusedAsync("/api/logs", body);

        Assert.Contains(named, detail, StringComparison.OrdinalIgnoreCase);
        Assert.Empty((await host.GetAsync("/api/logs/search?q=x")).EnumerateArray());
    }

    [Fact]
    public async Task A_name_of_ten_thousand_characters_is_refused()
    {
        await using var host = await RefineryHost.StartAsync();

        using var response = await host.Http.PostAsJsonAsync("/api/logs", new { name = new string('a', 10_000), version = "1", content = "x" });

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task A_log_of_sixty_megabytes_is_taken_and_one_beyond_the_limit_is_not()
    {
        await using var host = await RefineryHost.StartAsync();
        var line = new string('x', 98) + "é\n";
        var content = string.Concat(Enumerable.Repeat(line, 600_000));

        await host.PostAsync("/api/logs", new { name = "large", version = "1", content });
        using var read = await GetTextAsync(host, "/api/logs/large/1", range: null);
        using var refused = await host.Http.PostAsJsonAsync("/api/logs", new { name = "larger", version = "1", content = content + content });
        using var missing = await host.Http.GetAsync("/api/logs/larger/1");

        Assert.True(content == await read.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Empty(Directory.GetFiles(Path.Combine(host.DataDirectory, "logs", "incoming")));
    }

    [Fact]
    public async Task Identical_texts_are_kept_once()
    {
        await using var host = await RefineryHost.StartAsync();
        var content = string.Concat(Enumerable.Repeat("the same line again\n", 1000));

        await Task.WhenAll(Enumerable.Range(0, 20).Select(number => host.PostAsync("/api/logs", new { name = $"p{number}", version = "1", content })));

        var segment = new FileInfo(Path.Combine(host.DataDirectory, "logs", "00000001.segment"));
        Assert.InRange(segment.Length, content.Length, content.Length + 1000);
        Assert.Equal(content, (await host.GetAsync("/api/logs/p17/1")).GetProperty("content").GetString());
    }

    private static async Task<HttpResponseMessage> GetTextAsync(RefineryHost host, string path, RangeHeaderValue? range)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/plain");
        request.Headers.Range = range;
        return await host.Http.SendAsync(request);
    }
}
