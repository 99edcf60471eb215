using System.Net;
using System.Text.Json;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>A step that does not run says the one thing that keeps it.</summary>
public sealed class WhyTests
{
    [Fact]
    public async Task A_step_of_a_type_that_nobody_serves_waits_for_a_pod_that_does()
    {
        await using var host = await RefineryHost.StartAsync();
        var stepId = await host.SubmitAsync();

        var why = await WhyAsync(host, stepId);
        var status = await host.GetAsync($"/status/{stepId}");
        await BeatAsync(host, capacity: 2);
        var served = await host.GetAsync($"/status/{stepId}");

        Assert.Equal("no_pod", Cause(why));
        Assert.Equal("a pod that serves type elsewhere", status.GetProperty("waiting_for").GetString());
        Assert.False(served.TryGetProperty("waiting_for", out _));
        Assert.Equal("in_line", Cause(await WhyAsync(host, stepId)));
    }

    [Fact]
    public async Task A_wheel_waits_for_a_trigger()
    {
        await using var host = await RefineryHost.StartAsync();
        var stepId = (await host.PostAsync("/api/queue/enqueue", new { package = "numpy" })).GetProperty("step_id").GetString()!;

        var why = await WhyAsync(host, stepId);
        var status = await host.GetAsync($"/status/{stepId}");

        Assert.Equal("no_pod", Cause(why));
        Assert.StartsWith("a trigger: POST /api/worker/trigger ", status.GetProperty("waiting_for").GetString(), StringComparison.Ordinal);
        Assert.Contains("/api/worker/trigger", why.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_local_worker_a_wheel_waits_for_a_pod()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var stepId = (await host.PostAsync("/api/queue/enqueue", new { package = "numpy" })).GetProperty("step_id").GetString()!;

        var why = await WhyAsync(host, stepId);
        var status = await host.GetAsync($"/status/{stepId}");

        Assert.Equal("a pod that serves type wheel_build", status.GetProperty("waiting_for").GetString());
        Assert.Equal("No live pod serves type wheel_build.", why.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_step_whose_pods_are_full_names_them_and_their_leases()
    {
        await using var host = await RefineryHost.StartAsync();
        await BeatAsync(host, capacity: 1);
        await host.SubmitAsync();
        var claim = Assert.Single(await host.ClaimAsync("pod-r"));
        var waiting = await host.SubmitAsync();

        var why = await WhyAsync(host, waiting);

        var pod = Assert.Single(why.GetProperty("evidence").GetProperty("pods").EnumerateArray());
        Assert.Equal("capacity", Cause(why));
        Assert.Equal(("pod-r", 1, 1), (pod.GetProperty("pod_id").GetString(), pod.GetProperty("running").GetInt32(), pod.GetProperty("capacity").GetInt32()));
        Assert.Equal(claim.GetProperty("lease_until").GetString(), pod.GetProperty("until").GetString());
        Assert.Equal("held", Cause(await WhyAsync(host, claim.GetProperty("step_id").GetString()!)));
    }

    [Fact]
    public async Task A_step_that_is_held_shows_its_pod_as_the_fleet_knows_it()
    {
        await using var host = await RefineryHost.StartAsync();
        await BeatAsync(host, capacity: 4);
        await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, priority = 9 });
        var stepId = await host.SubmitAsync();
        var known = (await host.ClaimAsync("pod-r", max: 2))[1];
        var unbeaten = await host.SubmitAsync();
        await host.ClaimAsync("pod-unbeaten");

        var why = await WhyAsync(host, stepId);
        var stranger = await WhyAsync(host, unbeaten);

        var pod = Assert.Single(why.GetProperty("evidence").GetProperty("pods").EnumerateArray());
        Assert.Equal(("pod-r", "live", 2, 4), (pod.GetProperty("pod_id").GetString(), pod.GetProperty("state").GetString(), pod.GetProperty("running").GetInt32(), pod.GetProperty("capacity").GetInt32()));
        Assert.Equal(known.GetProperty("lease_until").GetString(), pod.GetProperty("until").GetString());
        Assert.Equal("Pod pod-unbeaten holds the step.", stranger.GetProperty("detail").GetString());
        Assert.Empty(stranger.GetProperty("evidence").GetProperty("pods").EnumerateArray());
    }

    [Fact]
    public async Task A_step_that_waits_for_its_retry_says_until_when()
    {
        await using var host = await RefineryHost.StartAsync(("FLEET_Q_BACKOFF_SEC", "300"));
        var stepId = await host.SubmitAsync();
        await host.ClaimAsync("pod-r");
        await host.PostAsync($"/api/steps/{stepId}/fail", new { pod_id = "pod-r", fence = 1, detail = "No disk." });

        var evidence = (await WhyAsync(host, stepId)).GetProperty("evidence");

        Assert.Equal("backoff", Cause(await WhyAsync(host, stepId)));
        Assert.Equal((await host.RowAsync(stepId)).NotBefore, evidence.GetProperty("not_before").GetDateTimeOffset());
        Assert.Equal("No disk.", evidence.GetProperty("last_detail").GetString());
    }

    [Fact]
    public async Task A_step_in_line_counts_those_before_it()
    {
        await using var host = await RefineryHost.StartAsync();
        await BeatAsync(host, capacity: 1);
        var low = await host.SubmitAsync();
        await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, priority = 5 });

        var why = await WhyAsync(host, low);

        Assert.Equal(("in_line", 1), (Cause(why), why.GetProperty("evidence").GetProperty("ahead").GetInt32()));
    }

    [Fact]
    public async Task An_ended_step_says_how_it_ended_and_an_unknown_one_is_not_found()
    {
        await using var host = await RefineryHost.StartAsync();
        var (completed, failed) = (await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, priority = 1 }), await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, max_retries = 0 }));
        await host.ClaimAsync("pod-r", max: 2);
        await host.PostAsync($"/api/steps/{completed}/complete", new { pod_id = "pod-r", fence = 1 });
        await host.PostAsync($"/api/steps/{failed}/fail", new { pod_id = "pod-r", fence = 1 });
        var cancelled = (await host.PostAsync("/api/queue/enqueue", new { package = "numpy" })).GetProperty("step_id").GetString()!;
        await host.PostAsync("/api/queue/clear");

        Assert.Equal("completed", Cause(await WhyAsync(host, completed)));
        Assert.Equal("failed", Cause(await WhyAsync(host, failed)));
        Assert.Equal("cancelled", Cause(await WhyAsync(host, cancelled)));
        using var unknown = await host.Http.GetAsync("/api/steps/nothing/why");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    private static string? Cause(JsonElement why) => why.GetProperty("cause").GetString();

    private static Task<JsonElement> WhyAsync(RefineryHost host, string stepId) => host.GetAsync($"/api/steps/{stepId}/why");

    private static Task<JsonElement> BeatAsync(RefineryHost host, int capacity) =>
        host.PostAsync("/api/pods/heartbeat", new { pod_id = "pod-r", kinds = new[] { FleetCalls.Elsewhere }, capacity });
}
