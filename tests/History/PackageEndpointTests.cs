using System.Net;
using System.Text.Json;
using static Refinery.Tests.History.HistoryEndpointTests;

namespace Refinery.Tests.History;

/// <summary>Counts, latest events and the packages that stand out.</summary>
public sealed class PackageEndpointTests
{
    [Fact]
    public async Task A_package_is_summed_up_under_any_spelling()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/history", new[]
        {
            Event("Foo.Bar", "failed", "2026-01-01T00:00:00Z"),
            Event("foo-bar", "failed", "2026-01-02T00:00:00Z"),
            Event("foo_bar", "built", "2026-01-03T00:00:00Z"),
        });

        var package = await host.GetAsync("/api/package/FOO__BAR");

        Assert.Equal("foo_bar", package.GetProperty("name").GetString());
        Assert.Equal("""{"built":1,"failed":2}""", package.GetProperty("status_counts").GetRawText());
        Assert.Equal("built", package.GetProperty("latest").GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_package_nobody_has_heard_of_has_no_history()
    {
        await using var host = await RefineryHost.StartAsync();

        var package = await host.GetAsync("/api/package/nobody");
        using var missing = await host.Http.GetAsync("/api/event/nobody/1.0");

        Assert.Equal("{}", package.GetProperty("status_counts").GetRawText());
        Assert.False(package.TryGetProperty("latest", out var latest) && latest.ValueKind != JsonValueKind.Null);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Equal(0, (await host.GetAsync("/api/variants/nobody")).GetArrayLength());
    }

    [Fact]
    public async Task An_encoded_slash_in_a_name_is_data()
    {
        await using var host = await RefineryHost.StartAsync();

        using var answer = await host.Http.GetAsync("/api/event/a%2Fb/1%2f2");
        var package = await host.GetAsync("/api/package/a%2Fb");

        Assert.Contains("version '1/2' of package 'a/b'", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("a/b", package.GetProperty("name").GetString());
    }

    [Fact]
    public async Task Variants_are_the_latest_event_of_each_version_and_pair_of_tags()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/history", new[]
        {
            Event("p", "failed", "2026-01-01T00:00:00Z", "1.0", python: "cp312", platform: "any"),
            Event("p", "built", "2026-01-02T00:00:00Z", "1.0", python: "cp312", platform: "any"),
            Event("p", "built", "2026-01-03T00:00:00Z", "1.0", python: "cp311", platform: "any"),
            Event("p", "queued", "2026-01-04T00:00:00Z", "1.0"),
            Event("p", "building", "2026-01-05T00:00:00Z", "1.0"),
            Event("p", "missing", "2026-01-06T00:00:00Z", "2.0"),
            Event("q", "built", "2026-01-07T00:00:00Z", "1.0"),
        });

        var variants = await host.GetAsync("/api/variants/p");

        Assert.Equal("missing building built built", Statuses(variants));
        Assert.Equal(2, (await host.GetAsync("/api/variants/p?limit=2")).GetArrayLength());
    }

    [Fact]
    public async Task Failures_are_the_four_failing_words_newest_first()
    {
        await using var host = await RefineryHost.StartAsync();
        string[] words =
        [
            "queued", "pending", "building", "retry", "built", "reused", "cached", "skipped", "missing", "failed", "failed_attempt",
            "system_recipe_failed", "cancelled",
        ];
        await host.PostAsync("/api/history", words.Select((word, day) => Event("p", word, $"2026-01-{day + 1:00}T00:00:00Z")).ToArray());
        await host.PostAsync("/api/history", Event("other", "failed", "2026-02-01T00:00:00Z"));

        Assert.Equal("system_recipe_failed failed_attempt failed missing", Statuses(await host.GetAsync("/api/failures?name=P")));
        Assert.Equal("failed system_recipe_failed", Statuses(await host.GetAsync("/api/failures?limit=2")));
    }

    [Fact]
    public async Task The_summary_counts_its_window_to_the_minute()
    {
        await using var host = await RefineryHost.StartAsync();
        var now = DateTimeOffset.UtcNow;
        await host.PostAsync("/api/history", new[]
        {
            Event("a", "built", At(now.AddMinutes(-1))),
            Event("b", "built", At(now.AddMinutes(-119))),
            Event("c", "built", At(now.AddMinutes(-121))),
            Event("d", "failed", At(now.AddHours(-167))),
            Event("e", "failed", At(now.AddHours(-169))),
        });

        Assert.Equal("""{"built":3,"failed":1}""", (await host.GetAsync("/api/summary")).GetProperty("status_counts").GetRawText());
        Assert.Equal("""{"built":2}""", (await host.GetAsync("/api/summary?window_hours=2")).GetProperty("status_counts").GetRawText());
        var all = await host.GetAsync("/api/summary?window_hours=0&failure_limit=1");
        Assert.Equal("""{"built":3,"failed":2}""", all.GetProperty("status_counts").GetRawText());
        Assert.Equal("d", Assert.Single(all.GetProperty("failures").EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal(0, all.GetProperty("window_hours").GetInt32());
    }

    [Fact]
    public async Task The_packages_that_fail_most_and_build_slowest_lead()
    {
        await using var host = await RefineryHost.StartAsync();
        object Timed(string name, string status, double duration) => new { name, version = "1", status, duration_ms = duration };
        await host.PostAsync("/api/history", new[]
        {
            Timed("slow", "built", 3000), Timed("Slow", "built", 1001), Timed("fast", "built", 10), Timed("fast", "failed", 20),
            new { name = "bad", version = "1", status = "failed" }, new { name = "BAD", version = "1", status = "failed_attempt" },
        });

        Assert.Equal("""[{"name":"bad","value":2,"failures":2},{"name":"fast","value":1,"failures":1}]""",
            (await host.GetAsync("/api/top-failures")).GetRawText(), ignoreCase: true);
        Assert.Equal("""[{"name":"Slow","value":2000.5,"avg_duration":2000.5},{"name":"fast","value":15,"avg_duration":15}]""",
            (await host.GetAsync("/api/top-slowest")).GetRawText());
        Assert.Equal(1, (await host.GetAsync("/api/top-slowest?limit=1")).GetArrayLength());
    }

    private static string At(DateTimeOffset instant) => instant.ToString("O");

    private static string Statuses(JsonElement events) =>
        string.Join(' ', events.EnumerateArray().Select(item => item.GetProperty("status").GetString()));
}
