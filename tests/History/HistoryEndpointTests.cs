using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Refinery.Tests.History;

/// <summary>What is recorded over HTTP is found again by every filter.</summary>
public sealed class HistoryEndpointTests
{
    [Fact]
    public async Task A_recorded_event_comes_back_as_it_was_sent()
    {
        await using var host = await RefineryHost.StartAsync();
        var sent = new
        {
            run_id = "run-1",
            name = "My_Pkg.Core",
            version = "1.0",
            python_tag = "cp312",
            platform_tag = "manylinux_2_28_x86_64",
            status = "built",
            detail = "Made é.",
            metadata = new { cache = new[] { 1, 2 }, note = "x" },
            timestamp = "2026-01-24T10:00:00.25Z",
            matched_hint_ids = new[] { "h1" },
            attempt = 2,
            duration_ms = 1500.5,
        };

        using var answer = await host.Http.PostAsJsonAsync("/api/history", sent);
        var stored = await host.GetAsync("/api/event/my-pkg-core/1.0");

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(1, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("count").GetInt32());
        var expected = JsonSerializer.SerializeToElement(sent with { timestamp = "2026-01-24T10:00:00.250000Z" });
        Assert.True(JsonElement.DeepEquals(expected, stored), stored.GetRawText());
    }

    [Fact]
    public async Task An_event_with_only_what_is_required_gets_the_time_of_its_arrival_and_empty_lists()
    {
        await using var host = await RefineryHost.StartAsync();
        var before = DateTimeOffset.UtcNow.AddSeconds(-1);

        await host.PostAsync("/api/history", new { name = "a", version = "1", status = "queued", surprise = true });

        var stored = Assert.Single((await host.GetAsync("/api/recent")).EnumerateArray());
        Assert.InRange(stored.GetProperty("timestamp").GetDateTimeOffset(), before, DateTimeOffset.UtcNow);
        Assert.Equal("{}", stored.GetProperty("metadata").GetRawText());
        Assert.Equal(0, stored.GetProperty("matched_hint_ids").GetArrayLength());
    }

    [Theory]
    [InlineData("""{"version":"1","status":"built"}""", "name")]
    [InlineData("""{"name":"a","status":"built"}""", "version")]
    [InlineData("""{"name":"a","version":"1"}""", "status")]
    [InlineData("""{"name":"a","version":"1","status":"bilt"}""", "status")]
    [InlineData("""{"name":"a","version":"1","status":3}""", "status")]
    [InlineData("""{"name":"a","version":"1","status":"built,failed"}""", "status")]
    [InlineData("""{"name":" ","version":"1","status":"built"}""", "name")]
    [InlineData("""{"name":"a","version":"1","status":"built","metadata":[1]}""", "metadata")]
    [InlineData("""{"name":"a","version":"1","status":"built","attempt":-1}""", "attempt")]
    [InlineData("""{"name":"a","version":"1","status":"built","duration_ms":-1}""", "duration_ms")]
    [InlineData("""{"name":"a","version":"1","status":"built","timestamp":"soon"}""", "timestamp")]
    [InlineData("""{"name":"a","version":"1","status":"built","matched_hint_ids":[null]}""", "matched_hint_ids")]
    [InlineData("""[{"name":"good","version":"1","status":"built"},{"name":"a","version":"1","status":"bilt"}]""", "status")]
    [InlineData("[]", "empty")]
    [InlineData("{", "JSON")]
    public async Task A_wrong_event_is_refused_by_name_and_nothing_is_kept(string body, string named)
    {
        await using var host = await RefineryHost.StartAsync();

        var detail = await host.PostRefusedAsync("/api/history", body);

        Assert.Contains(named, detail, StringComparison.Ordinal);
        Assert.Equal(0, (await host.GetAsync("/api/history")).GetArrayLength());
    }

    [Fact]
    public async Task Every_filter_keeps_what_it_names()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/history", new object[]
        {
            Event("alpha", "built", "2026-01-01T00:00:00Z", run: "r1", python: "cp311", platform: "any"),
            Event("Alpha", "failed", "2026-01-02T12:00:00Z", run: "r1", python: "cp312", platform: "any"),
            Event("beta", "built", "2026-01-03T00:00:00Z", run: "r2", python: "cp312", platform: "linux"),
        });

        Assert.Equal("beta Alpha alpha", await NamesAsync(host, ""));
        Assert.Equal("Alpha alpha", await NamesAsync(host, "package=ALPHA"));
        Assert.Equal("beta alpha", await NamesAsync(host, "status=built"));
        Assert.Equal("alpha", await NamesAsync(host, "package=alpha&status=built"));
        Assert.Equal("Alpha alpha", await NamesAsync(host, "run_id=r1"));
        Assert.Equal("Alpha", await NamesAsync(host, "run_id=r1&package=alpha&status=failed"));
        Assert.Equal("beta Alpha", await NamesAsync(host, "python_tag=cp312"));
        Assert.Equal("beta", await NamesAsync(host, "platform_tag=linux"));
        Assert.Equal("beta Alpha", await NamesAsync(host, "from=2026-01-02T12:00:00Z"));
        Assert.Equal("Alpha alpha", await NamesAsync(host, "to=2026-01-02"));
        Assert.Equal("beta Alpha alpha", await NamesAsync(host, "to=9999-12-31"));
        Assert.Equal("Alpha", await NamesAsync(host, "from=2026-01-02&to=2026-01-02"));
        Assert.Equal("", await NamesAsync(host, "status=nonsense"));
        Assert.Equal("", await NamesAsync(host, "package=alpha&run_id=r2"));
    }

    [Fact]
    public async Task Newest_first_is_by_timestamp_and_then_by_arrival()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/history", Event("new", "built", "2026-01-03T00:00:00Z"));
        await host.PostAsync("/api/history", Event("old", "built", "2026-01-01T00:00:00Z"));
        await host.PostAsync("/api/history", Event("same-first", "built", "2026-01-02T00:00:00Z"));
        await host.PostAsync("/api/history", Event("same-second", "built", "2026-01-02T00:00:00Z"));

        Assert.Equal("new same-second same-first old", await NamesAsync(host, ""));
        Assert.Equal("same-second same-first", Names(await host.GetAsync("/api/recent?limit=2&offset=1")));
    }

    [Theory]
    [InlineData("limit=7")]
    [InlineData("limit=7&status=built")]
    [InlineData("limit=7&package=p1")]
    [InlineData("limit=7&run_id=r&python_tag=cp312")]
    public async Task The_cursor_leads_through_every_event_once_while_others_arrive(string query)
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/history", Enumerable.Range(0, 60).Select(index => Event(
            $"p{index % 2}", index % 3 == 0 ? "failed" : "built", $"2026-01-01T00:00:{index / 4:00}Z", run: "r", python: "cp312")).ToArray());
        using var first = await host.Http.GetAsync("/api/history?" + query.Replace("limit=7", "limit=500", StringComparison.Ordinal));
        var all = (await first.Content.ReadFromJsonAsync<JsonElement>()).EnumerateArray().Select(item => item.GetRawText()).ToList();
        Assert.Equal(all.Count.ToString(), first.Headers.GetValues("X-Total-Count").Single());
        Assert.False(first.Headers.Contains("X-Next-Cursor"));

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            using var page = await host.Http.GetAsync($"/api/history?{query}&cursor={cursor}");
            seen.AddRange((await page.Content.ReadFromJsonAsync<JsonElement>()).EnumerateArray().Select(item => item.GetRawText()));
            await host.PostAsync("/api/history", Event("p1", "built", "2026-02-01T00:00:00Z", run: "r", python: "cp312"));
            cursor = page.Headers.TryGetValues("X-Next-Cursor", out var values) ? values.Single() : null;
        }
        while (cursor is not null);

        Assert.Equal(all, seen);
    }

    [Theory]
    [InlineData("/api/history?cursor=nonsense")]
    [InlineData("/api/history?cursor=-1-2")]
    [InlineData("/api/history?from=soon")]
    [InlineData("/api/history?from=-100000000000")]
    [InlineData("/api/history?to=253402300800")]
    [InlineData("/api/history?to=NaN")]
    [InlineData("/api/recent?cursor=nonsense")]
    [InlineData("/api/recent?limit=0")]
    [InlineData("/api/recent?offset=-1")]
    [InlineData("/api/summary?window_hours=-1")]
    [InlineData("/api/summary?failure_limit=x")]
    [InlineData("/api/top-failures?limit=x")]
    [InlineData("/api/variants/a?limit=-3")]
    [InlineData("/api/events/stream?last_event_id=x")]
    public async Task A_wrong_parameter_is_a_sentence(string path)
    {
        await using var host = await RefineryHost.StartAsync();

        using var answer = await host.Http.GetAsync(path);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("validation_error", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error_type").GetString());
    }

    internal static object Event(
        string name, string status, string timestamp, string version = "1.0", string? run = null, string? python = null, string? platform = null) =>
        new { name, version, status, timestamp, run_id = run, python_tag = python, platform_tag = platform };

    private static async Task<string> NamesAsync(RefineryHost host, string query)
    {
        using var answer = await host.Http.GetAsync($"/api/history?{query}");
        var names = Names(await answer.Content.ReadFromJsonAsync<JsonElement>());
        Assert.Equal(names.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length.ToString(), answer.Headers.GetValues("X-Total-Count").Single());
        Assert.Equal(names, Names(await host.GetAsync($"/api/recent?{query}")));
        return names;
    }

    private static string Names(JsonElement events) =>
        string.Join(' ', events.EnumerateArray().Select(item => item.GetProperty("name").GetString()));
}
