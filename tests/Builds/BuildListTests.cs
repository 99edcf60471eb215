using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;

namespace Refinery.Tests.Builds;

/// <summary>Builds are listed by filter and page, and each tells its whole life.</summary>
public sealed class BuildListTests
{
    [Theory]
    [InlineData("third_party_id=a", 3)]
    [InlineData("parser_id=x", 2)]
    [InlineData("third_party_id=a&parser_id=x", 1)]
    [InlineData("status=pending", 4)]
    [InlineData("status=running", 1)]
    [InlineData("third_party_id=a&status=running", 1)]
    [InlineData("third_party_id=b&status=running", 0)]
    [InlineData("parser_id=x&status=running", 1)]
    [InlineData("third_party_id=a&parser_id=x&status=running", 1)]
    [InlineData("third_party_id=a&parser_id=y&status=running", 0)]
    [InlineData("third_party_id=refinery", 1)]
    [InlineData("parser_id=p-1.0", 1)]
    [InlineData("status=nonsense", 0)]
    [InlineData("", 5)]
    public async Task Filters_combine_and_the_total_counts_what_passes_them(string query, int expected)
    {
        await using var host = await RefineryHost.StartAsync();
        await EnqueueAsync(host, ("a", "x"), ("a", "y"), ("a", "y"), ("b", "x"));
        await host.PostAsync("/api/queue/enqueue", new { package = "p", version = "1.0" });
        await BuildCalls.StartAsync(host, await BuildCalls.ClaimAsync(host, "pod-a"));

        var page = await host.GetAsync($"/builds?{query}");

        Assert.Equal(expected, page.GetProperty("builds").GetArrayLength());
        Assert.Equal(expected, page.GetProperty("count").GetInt32());
        Assert.Equal(expected, page.GetProperty("total").GetInt64());
        Assert.False(page.GetProperty("has_more").GetBoolean());
    }

    [Fact]
    public async Task Pages_are_newest_first_and_together_hold_each_build_once()
    {
        await using var host = await RefineryHost.StartAsync();
        await EnqueueAsync(host, [.. Enumerable.Range(0, 7).Select(index => ("a", $"p{index}"))]);
        await BuildCalls.StartAsync(host, await BuildCalls.ClaimAsync(host, "pod-a"));

        var pages = new List<JsonElement>();
        for (var offset = 0; offset < 9; offset += 3)
        {
            pages.Add(await host.GetAsync($"/builds?limit=3&offset={offset}"));
        }

        Assert.Equal(
            Enumerable.Range(0, 7).Reverse().Select(index => $"p{index}"),
            pages.SelectMany(page => page.GetProperty("builds").EnumerateArray()).Select(build => build.GetProperty("parser_id").GetString()));
        Assert.Equal([true, true, false], pages.Select(page => page.GetProperty("has_more").GetBoolean()));
        Assert.All(pages, page => Assert.Equal(7, page.GetProperty("total").GetInt64()));
    }

    [Fact]
    public async Task Any_step_with_the_metadata_of_a_build_is_one_and_others_are_not()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/submit", new { type = "elsewhere", args = new { }, metadata = new { image_uri = "image:1" } });
        await host.PostAsync("/submit", new { type = "elsewhere", args = new { }, metadata = new { user = "third_party_id" } });

        var build = Assert.Single((await host.GetAsync("/builds")).GetProperty("builds").EnumerateArray());

        Assert.Equal("image:1", build.GetProperty("image_uri").GetString());
        Assert.Equal("refinery", build.GetProperty("third_party_id").GetString());
        Assert.Equal("elsewhere", build.GetProperty("parser_id").GetString());
    }

    [Fact]
    public async Task A_build_tells_its_attempts_its_error_and_the_end_of_its_log()
    {
        await using var host = await RefineryHost.StartAsync(("FLEET_Q_BACKOFF_SEC", "0"));
        var buildId = await BuildCalls.SayAsync(host, new { message = "the last words", fail = true }, maxRetries: 1);
        await BuildCalls.UntilAsync(host, buildId, "failed");

        var build = (await host.GetAsync($"/builds/{buildId}?log_lines=1")).GetProperty("build");

        Assert.Equal("the last words\n", build.GetProperty("logs_preview").GetString());
        Assert.Equal("The step was asked to fail.", build.GetProperty("error_message").GetString());
        Assert.True(build.GetProperty("duration").GetDouble() >= 0);
        Assert.Equal([1, 2], build.GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("attempt").GetInt64()));
        Assert.All(build.GetProperty("attempts").EnumerateArray(), attempt => Assert.Equal("asked_to_fail", attempt.GetProperty("failure_reason").GetString()));
        Assert.Equal(
            ["build.created", "attempt.created", "attempt.started", "attempt.failed", "attempt.created", "attempt.started", "attempt.failed"],
            build.GetProperty("events").EnumerateArray().Select(happened => happened.GetProperty("type").GetString()));
        Assert.NotEmpty(await host.Http.GetStringAsync(build.GetProperty("attempts")[1].GetProperty("log_url").GetString()));
    }

    [Fact]
    public async Task The_figures_count_what_waits_and_what_ended()
    {
        await using var host = await RefineryHost.StartAsync(("MAX_QUEUE_SIZE", "77"), ("FLEET_Q_MAX_PARALLELISM", "10"));
        await EnqueueAsync(host, ("a", "x"), ("a", "y"));
        var claim = await BuildCalls.ClaimAsync(host, "pod-a");
        await host.PostAsync($"/api/steps/{BuildCalls.StepOf(claim)}/complete", new { pod_id = "pod-a", fence = 1 });

        var stats = await host.GetAsync("/async-jobs/stats");

        Assert.Equal(8, stats.GetProperty("worker_count").GetInt32());
        Assert.Equal(1, stats.GetProperty("queue_size").GetInt64());
        Assert.Equal(77, stats.GetProperty("max_queue_size").GetInt64());
        Assert.Equal(1, stats.GetProperty("results_count").GetInt64());
    }

    [Fact]
    public async Task A_full_queue_takes_nothing_of_what_is_too_much_and_says_when_to_come_back()
    {
        await using var host = await RefineryHost.StartAsync(("MAX_QUEUE_SIZE", "3"));
        await EnqueueAsync(host, ("a", "x"), ("a", "y"));

        using var tooMany = await host.Http.PostAsJsonAsync("/api/queue/enqueue", new[] { new { package = "p" }, new { package = "q" } });
        await EnqueueAsync(host, ("a", "z"));
        using var beyond = await host.Http.PostAsJsonAsync("/submit", new { type = "elsewhere", args = new { } });

        Assert.Equal([HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests], new[] { tooMany.StatusCode, beyond.StatusCode });
        Assert.NotNull(tooMany.Headers.RetryAfter);
        Assert.Equal(3, (await host.GetAsync("/async-jobs/stats")).GetProperty("queue_size").GetInt64());
        Assert.Equal(3, (await host.GetAsync("/builds")).GetProperty("total").GetInt64());
    }

    [Fact]
    public async Task An_unknown_build_is_an_error_that_says_success_false()
    {
        await using var host = await RefineryHost.StartAsync();

        using var response = await host.Http.GetAsync("/builds/none");
        var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("Build not found", body.GetProperty("detail").GetString());
        Assert.False(body.GetProperty("success").GetBoolean());
    }

    [Fact]
    public async Task A_rebuild_from_the_journal_leaves_the_answers_as_they_were()
    {
        await using var host = await RefineryHost.StartAsync(("FLEET_Q_BACKOFF_SEC", "0"));
        await EnqueueAsync(host, ("a", "x"), ("b", "y"), ("b", "x"));
        await BuildCalls.UntilAsync(host, await BuildCalls.SayAsync(host, new { fail = true }, maxRetries: 1), "failed");
        var claim = await BuildCalls.ClaimAsync(host, "pod-a");
        await BuildCalls.StartAsync(host, claim);
        await host.PostAsync($"/builds/{await BuildCalls.BuildOfAsync(host, claim)}/cancel");
        var before = await AnswersAsync(host);

        await host.Services.GetRequiredService<EventJournal>().RebuildAsync(CancellationToken.None);

        Assert.Equal(before, await AnswersAsync(host));
    }

    private static async Task<string[]> AnswersAsync(RefineryHost host)
    {
        var answers = new List<string>();
        foreach (var query in new[] { "", "?third_party_id=b", "?status=failed", "?status=cancelled" })
        {
            var page = await host.GetAsync($"/builds{query}");
            answers.Add($"{page.GetProperty("total")} {page.GetProperty("builds")}");
            foreach (var build in page.GetProperty("builds").EnumerateArray())
            {
                answers.Add((await host.GetAsync($"/builds/{build.GetProperty("id").GetString()}")).GetProperty("build").ToString());
            }
        }

        return [.. answers];
    }

    private static Task<JsonElement> EnqueueAsync(RefineryHost host, params (string ThirdParty, string Parser)[] builds) => host.PostAsync(
        "/api/queue/enqueue",
        builds.Select(build => new { package = "pkg", third_party_id = build.ThirdParty, parser_id = build.Parser }).ToArray());
}
