using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;

namespace Refinery.Tests.Builds;

/// <summary>Many builds are cancelled by what they have in common, and a new build may end older ones.</summary>
public sealed class BuildsCancelTests
{
    [Theory]
    [InlineData("""{"third_party_id":"customer-a"}""", 4)]
    [InlineData("""{"third_party_id":"customer-a","status":"pending"}""", 3)]
    [InlineData("""{"third_party_id":"customer-a","package":"Zope_Interface"}""", 2)]
    [InlineData("""{"package":"zope.interface","version":"6.0"}""", 2)]
    [InlineData("""{"package":"zope-interface","python_tag":"cp311"}""", 1)]
    [InlineData("""{"package":"zope-interface","python_tag":"","status":"pending"}""", 1)]
    [InlineData("""{"package":"zope-interface","platform_tag":"linux_s390x","third_party_id":"customer-b"}""", 0)]
    [InlineData("""{"parser_id":"six-1.16"}""", 2)]
    [InlineData("""{"run_id":"run-1"}""", 2)]
    [InlineData("""{"status":"running"}""", 1)]
    [InlineData("""{"status":"pending"}""", 5)]
    public async Task A_dry_run_counts_what_the_call_then_cancels_and_nothing_else_is_touched(string filter, int expected)
    {
        await using var host = await StartAsync();
        var asked = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(filter)!;

        var dry = await host.PostAsync("/api/builds/cancel", new Dictionary<string, object>(asked.Select(pair => KeyValuePair.Create(pair.Key, (object)pair.Value))) { ["dry_run"] = true });
        var before = await CountAsync(host, "cancelled");
        var done = await host.PostAsync("/api/builds/cancel", asked);
        var again = await host.PostAsync("/api/builds/cancel", asked);

        Assert.Equal([expected, expected, 0], new[] { dry, done, again }.Select(answer => answer.GetProperty("count").GetInt32()));
        Assert.Equal(dry.GetProperty("build_ids").ToString(), done.GetProperty("build_ids").ToString());
        Assert.Equal((0, expected), (before, await CountAsync(host, "cancelled")));
        Assert.Equal(6 - expected, await CountAsync(host, "pending") + await CountAsync(host, "running"));
    }

    [Theory]
    [InlineData("{}", "names no filter")]
    [InlineData("""{"dry_run":true,"reason":"x"}""", "names no filter")]
    [InlineData("""{"status":"failed"}""", "'failed'; pending or running is expected")]
    [InlineData("""{"package":7}""", "'package'")]
    public async Task A_call_that_could_mean_everything_is_refused(string body, string sentence)
    {
        await using var host = await StartAsync();

        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await host.Http.PostAsync("/api/builds/cancel", content);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(sentence, await DetailAsync(response), StringComparison.Ordinal);
        Assert.Equal(0, await CountAsync(host, "cancelled"));
    }

    [Fact]
    public async Task More_builds_than_a_page_holds_are_cancelled_with_the_reason_and_the_first_are_named()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        await host.PostAsync("/api/queue/enqueue", Enumerable.Range(0, 450).Select(index => new { package = $"pkg{index % 2}", run_id = "run-1" }).ToArray());

        var answer = await host.PostAsync("/api/builds/cancel", new { run_id = "run-1", package = "pkg1", reason = "Not needed." });

        Assert.Equal((225, 100), (answer.GetProperty("count").GetInt32(), answer.GetProperty("build_ids").GetArrayLength()));
        var build = await BuildCalls.FindAsync(host, answer.GetProperty("build_ids")[0].GetString()!);
        Assert.EndsWith(": Not needed.", build.GetProperty("error_message").GetString(), StringComparison.Ordinal);
        Assert.Equal(225, (await host.GetAsync("/api/queue/stats")).GetProperty("length").GetInt32());
    }

    [Fact]
    public async Task Of_calls_that_cancel_the_same_builds_at_once_each_build_is_counted_by_one()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        await host.PostAsync("/api/queue/enqueue", Enumerable.Range(0, 500).Select(_ => new { package = "pkg" }).ToArray());

        var counts = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
            (await host.PostAsync("/api/builds/cancel", new { package = "pkg" })).GetProperty("count").GetInt32()));

        Assert.Equal(500, counts.Sum());
        var events = await host.Services.GetRequiredService<EventJournal>().ListAfterAsync(0, 2000, CancellationToken.None);
        Assert.Equal(500, events.Count(link => link.EventType == "build.cancelled"));
    }

    [Fact]
    public async Task A_build_supersedes_the_older_ones_of_its_package_and_target_whatever_they_do_and_no_others()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var running = await EnqueueAsync(host, new { package = "Markup_Safe", version = "2.1.4", python_tag = "cp311" });
        await BuildCalls.StartAsync(host, await BuildCalls.ClaimAsync(host, "pod-a"));
        var waiting = await EnqueueAsync(host, new { package = "markup.safe", version = "2.1.5", python_tag = "cp311" });
        await EnqueueAsync(host, new { package = "markup-safe", version = "2.1.5", python_tag = "cp312" });
        await EnqueueAsync(host, new { package = "markup-safe", version = "2.1.5", python_tag = "cp311", third_party_id = "customer-a" });
        await EnqueueAsync(host, new { package = "markup-safe-2", version = "2.1.5", python_tag = "cp311" });

        var newer = await host.PostAsync("/api/queue/enqueue", new { package = "markup-safe", version = "2.1.5", python_tag = "cp311", supersede = true });

        Assert.Equal([running, waiting], newer.GetProperty("superseded").EnumerateArray().Select(build => build.GetString()));
        Assert.Equal((4, 0, 2), (await CountAsync(host, "pending"), await CountAsync(host, "running"), await CountAsync(host, "cancelled")));
        Assert.Equal($"Superseded by {newer.GetProperty("build_id").GetString()}.", (await BuildCalls.FindAsync(host, running)).GetProperty("error_message").GetString());
    }

    [Fact]
    public async Task Of_many_that_supersede_each_other_at_once_the_newest_stays()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ =>
            host.PostAsync("/api/queue/enqueue", new[] { new { package = "pkg", supersede = true }, new { package = "pkg", supersede = true } })));

        var newest = (await host.GetAsync("/builds?limit=1")).GetProperty("builds")[0];
        Assert.Equal("pending", newest.GetProperty("status").GetString());
        Assert.Equal((1, 31), (await CountAsync(host, "pending"), await CountAsync(host, "cancelled")));
        Assert.Equal(31, answers.SelectMany(answer => answer.EnumerateArray()).Sum(answer => answer.GetProperty("superseded").GetArrayLength()));
    }

    [Fact]
    public async Task The_log_of_an_attempt_is_found_though_the_version_was_built_again_since()
    {
        await using var host = await RefineryHost.StartAsync();
        var urls = new List<string?>();
        foreach (var text in new[] { "first", "second" })
        {
            var stored = await host.PostAsync("/api/logs", new { name = "pkg", version = "1.0", content = $"{text}\n", attempt = 1 });
            urls.Add($"/api/logs/pkg/1.0?attempt=1&sha256={stored.GetProperty("sha256").GetString()}");
        }

        Assert.Equal("first\n", (await host.GetAsync(urls[0]!)).GetProperty("content").GetString());
        Assert.Equal("second\n", (await host.GetAsync(urls[1]!)).GetProperty("content").GetString());
        using var unknown = await host.Http.GetAsync($"/api/logs/pkg/1.0?sha256={new string('0', 64)}");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Contains("with the sha256 '000", await DetailAsync(unknown), StringComparison.Ordinal);
    }

    /// <summary>Six builds of two customers, one of them running.</summary>
    private static async Task<RefineryHost> StartAsync()
    {
        var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        await EnqueueAsync(host, new { package = "zope.interface", version = "6.0", third_party_id = "customer-a", python_tag = "cp311", priority = 9 });
        await BuildCalls.StartAsync(host, await BuildCalls.ClaimAsync(host, "pod-a"));
        await EnqueueAsync(host, new { package = "zope-interface", version = "6.0", third_party_id = "customer-a", run_id = "run-1" });
        await EnqueueAsync(host, new { package = "numpy", version = "6.0", third_party_id = "customer-a" });
        await EnqueueAsync(host, new { package = "six", version = "1.16", third_party_id = "customer-a", platform_tag = "linux_s390x" });
        await EnqueueAsync(host, new { package = "six", version = "1.16", third_party_id = "customer-b", run_id = "run-1" });
        await EnqueueAsync(host, new { package = "numpy", third_party_id = "customer-b" });
        return host;
    }

    private static async Task<string> EnqueueAsync(RefineryHost host, object item) =>
        (await host.PostAsync("/api/queue/enqueue", item)).GetProperty("build_id").GetString()!;

    private static async Task<int> CountAsync(RefineryHost host, string status) => (await host.GetAsync($"/builds?status={status}")).GetProperty("total").GetInt32();

    private static async Task<string> DetailAsync(HttpResponseMessage response) =>
        (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString()!;
}
