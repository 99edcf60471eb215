using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Fleet;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Work;

namespace Refinery.Tests.Builds;

/// <summary>A cancelled build is over, whoever held it, and nobody's late word changes that.</summary>
public sealed class BuildCancelTests
{
    [Fact]
    public async Task A_waiting_build_is_cancelled_and_never_called()
    {
        await using var host = await RefineryHost.StartAsync();
        var buildId = await EnqueueAsync(host);

        var answer = await host.PostAsync($"/builds/{buildId}/cancel");
        var claims = await host.PostAsync("/api/steps/claim", new { pod_id = "pod-a", kinds = new[] { "wheel_build" } });

        Assert.Equal("cancelled", answer.GetProperty("status").GetString());
        Assert.Equal("Build cancelled successfully", answer.GetProperty("message").GetString());
        Assert.Empty(claims.EnumerateArray());
        Assert.Equal("cancelled", (await BuildCalls.FindAsync(host, buildId)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_build_that_waits_for_its_retry_is_cancelled()
    {
        await using var host = await RefineryHost.StartAsync(("FLEET_Q_BACKOFF_SEC", "300"));
        var buildId = await BuildCalls.SayAsync(host, new { fail = true }, maxRetries: 1);
        await Wait.UntilAsync(async () => (await BuildCalls.FindAsync(host, buildId)) is var build
            && build.GetProperty("status").GetString() == "pending" && build.GetProperty("job").GetProperty("status").GetString() == "failed");

        await host.PostAsync($"/builds/{buildId}/cancel");

        Assert.Equal("cancelled", (await BuildCalls.FindAsync(host, buildId)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_build_that_runs_here_is_stopped_and_its_log_ends_with_the_reason()
    {
        await using var host = await RefineryHost.StartAsync();
        var buildId = await BuildCalls.SayAsync(host, new { message = "begun", sleep_ms = 600_000 });
        await Wait.UntilAsync(async () => (await BuildCalls.FindAsync(host, buildId)).GetProperty("logs_preview").GetString() == "begun\n");

        await host.PostAsync($"/builds/{buildId}/cancel?reason=Not%20needed.");
        await Wait.UntilAsync(() => Task.FromResult(host.Services.GetRequiredService<LocalPod>().Running == 0));

        var build = await BuildCalls.FindAsync(host, buildId);
        Assert.Equal("cancelled", build.GetProperty("status").GetString());
        Assert.EndsWith(": Not needed.\n", build.GetProperty("logs_preview").GetString(), StringComparison.Ordinal);
        Assert.Equal("invalidated", build.GetProperty("attempts")[0].GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_pod_elsewhere_is_told_to_stop_and_its_late_result_is_refused()
    {
        await using var host = await RefineryHost.StartAsync();
        var buildId = await EnqueueAsync(host);
        var step = BuildCalls.StepOf(await BuildCalls.ClaimAsync(host, "pod-a"));
        var holder = new { pod_id = "pod-a", fence = 1 };

        await host.PostAsync($"/builds/{buildId}/cancel");
        var renewed = await host.PostAsync($"/api/steps/{step}/renew", holder);
        var beat = await host.PostAsync("/api/pods/heartbeat", new { pod_id = "pod-a", kinds = new[] { "wheel_build" }, capacity = 1, running = 1, version = "1", steps = new[] { step } });
        var silent = await host.PostAsync("/api/pods/heartbeat", new { pod_id = "pod-a", kinds = new[] { "wheel_build" }, capacity = 1, running = 1, version = "1" });
        var other = await host.PostAsync("/api/pods/heartbeat", new { pod_id = "pod-b", kinds = new[] { "wheel_build" }, capacity = 1, running = 1, version = "1" });
        using var late = await host.Http.PostAsJsonAsync($"/api/steps/{step}/complete", holder);

        Assert.True(renewed.GetProperty("cancel_requested").GetBoolean());
        Assert.Equal(step, Assert.Single(beat.GetProperty("cancel").EnumerateArray()).GetString());
        Assert.Equal(step, Assert.Single(silent.GetProperty("cancel").EnumerateArray()).GetString());
        Assert.Empty(other.GetProperty("cancel").EnumerateArray());
        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);
    }

    [Fact]
    public async Task A_finished_build_cannot_be_cancelled()
    {
        await using var host = await RefineryHost.StartAsync();
        var buildId = await BuildCalls.SayAsync(host, new { });
        await BuildCalls.UntilAsync(host, buildId, "succeeded");

        using var response = await host.Http.PostAsync($"/builds/{buildId}/cancel", content: null);
        var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Equal("Build cannot be cancelled", body.GetProperty("detail").GetString());
        Assert.False(body.GetProperty("success").GetBoolean());
    }

    [Fact]
    public async Task What_has_ended_is_built_once_more_and_its_earlier_attempt_stays()
    {
        await using var host = await RefineryHost.StartAsync();
        var buildId = await EnqueueAsync(host);
        var step = BuildCalls.StepOf(await BuildCalls.ClaimAsync(host, "pod-a"));
        using var early = await host.Http.PostAsync($"/api/builds/{buildId}/retry", content: null);
        await host.PostAsync($"/builds/{buildId}/cancel");

        await host.PostAsync($"/api/builds/{buildId}/retry");
        using var late = await host.Http.PostAsJsonAsync($"/api/steps/{step}/complete", new { pod_id = "pod-a", fence = 1 });
        await BuildCalls.ClaimAsync(host, "pod-a");
        await host.PostAsync($"/api/steps/{step}/complete", new { pod_id = "pod-a", fence = 2 });

        var build = await BuildCalls.FindAsync(host, buildId);
        Assert.Equal([HttpStatusCode.Conflict, HttpStatusCode.Conflict], new[] { early.StatusCode, late.StatusCode });
        Assert.Equal("succeeded", build.GetProperty("status").GetString());
        Assert.Equal(["invalidated", "succeeded"], build.GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task Of_many_who_cancel_at_once_exactly_one_wins()
    {
        await using var host = await RefineryHost.StartAsync();
        var buildId = await EnqueueAsync(host);

        var codes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => CancelAsync(host, buildId)));

        Assert.Equal(1, codes.Count(code => code == HttpStatusCode.OK));
        Assert.Equal(7, codes.Count(code => code == HttpStatusCode.Conflict));
        var events = await host.Services.GetRequiredService<EventJournal>().ListAfterAsync(0, 100, CancellationToken.None);
        Assert.Single(events, link => link.EventType == "build.cancelled");
    }

    [Fact]
    public async Task Every_way_to_cancel_a_build_is_journalled_with_who_did_it()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var (held, cleared, abandoned) = (await EnqueueAsync(host), await EnqueueAsync(host), await EnqueueAsync(host));
        await BuildCalls.ClaimAsync(host, "pod-a");
        var step = BuildCalls.StepOf(await BuildCalls.FindAsync(host, abandoned));

        await host.Services.GetRequiredService<IStepCancel>().CancelAsync([step], [StepStatus.Pending], "rebuild", "Cancelled by Ctrl-C.", CancellationToken.None);
        await host.PostAsync("/api/queue/clear");
        await host.PostAsync($"/builds/{held}/cancel");

        var events = await host.Services.GetRequiredService<EventJournal>().ListAfterAsync(0, 100, CancellationToken.None);
        var told = events.Where(link => link.EventType == "build.cancelled").ToList();
        Assert.Equal([abandoned, cleared, held], told.Select(link => link.Payload.ToElement().GetProperty("build_id").GetString()));
        Assert.Equal(["pending", "pending", "claimed"], told.Select(link => link.Payload.ToElement().GetProperty("from_status").GetString()));
        Assert.Equal("rebuild", told[0].ActorId);
        Assert.All(told[1..], link => Assert.StartsWith("request-", link.ActorId, StringComparison.Ordinal));
        Assert.Equal("pod-a", Assert.Single(events, link => link.EventType == "attempt.invalidated").ActorId);
    }

    [Fact]
    public async Task Of_a_cancel_and_a_result_exactly_one_wins_500_times()
    {
        const int races = 500;
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/queue/enqueue", Enumerable.Range(0, races).Select(index => new { package = "pkg", parser_id = $"p{index}" }).ToArray());
        var builds = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var offset = 0; offset < races; offset += 100)
        {
            foreach (var build in (await host.GetAsync($"/builds?limit=100&offset={offset}")).GetProperty("builds").EnumerateArray())
            {
                builds.Add(BuildCalls.StepOf(build), build.GetProperty("id").GetString()!);
            }
        }

        var claims = await host.PostAsync("/api/steps/claim", new { pod_id = "pod-a", kinds = new[] { "wheel_build" }, max = races });
        var cancelled = 0;
        foreach (var step in claims.EnumerateArray().Select(BuildCalls.StepOf))
        {
            var cancel = CancelAsync(host, builds[step]);
            using var complete = await host.Http.PostAsJsonAsync($"/api/steps/{step}/complete", new { pod_id = "pod-a", fence = 1 });
            var codes = new[] { await cancel, complete.StatusCode };

            Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Conflict], codes.Order());
            cancelled += codes[0] == HttpStatusCode.OK ? 1 : 0;
        }

        Assert.Equal(races, claims.GetArrayLength());
        Assert.Equal(cancelled, (await host.GetAsync("/builds?status=cancelled")).GetProperty("total").GetInt32());
        Assert.Equal(races - cancelled, (await host.GetAsync("/builds?status=succeeded")).GetProperty("total").GetInt32());
    }

    private static async Task<string> EnqueueAsync(RefineryHost host) =>
        (await host.PostAsync("/api/queue/enqueue", new { package = "pkg", version = "1.0" })).GetProperty("build_id").GetString()!;

    private static async Task<HttpStatusCode> CancelAsync(RefineryHost host, string buildId)
    {
        using var response = await host.Http.PostAsync($"/builds/{buildId}/cancel", content: null);
        return response.StatusCode;
    }
}
