using System.Text.Json;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>Steps of a paused type are given to nobody.</summary>
public sealed class PauseTests
{
    [Fact]
    public async Task Nobody_is_given_a_paused_type_and_others_go_on()
    {
        await using var host = await RefineryHost.StartAsync();
        await PauseAsync(host, FleetCalls.Elsewhere);
        await host.SubmitAsync();

        var none = await host.ClaimAsync("pod-a");
        var other = await host.SubmitAsync(new { type = "hello_world", args = new { } });
        await host.UntilCompletedAsync(other);

        Assert.Empty(none);
    }

    [Fact]
    public async Task The_local_pod_leaves_a_paused_type_alone_until_it_is_resumed()
    {
        await using var host = await RefineryHost.StartAsync(("HTTP_STEPS", "later=http://127.0.0.1:1/"));
        await PauseAsync(host, "hello_world");
        var stepId = await host.SubmitAsync(new { type = "hello_world", args = new { } });
        var other = await host.SubmitAsync(new { type = "later", args = new { }, max_retries = 0 });
        await Wait.UntilAsync(async () => await host.StatusAsync(other) == "failed");

        Assert.Equal("pending", await host.StatusAsync(stepId));
        await host.PostAsync("/admin/types/hello_world/resume");
        await host.UntilCompletedAsync(stepId);
    }

    [Fact]
    public async Task A_claim_that_waits_is_given_the_step_when_its_type_is_resumed()
    {
        await using var host = await RefineryHost.StartAsync();
        await PauseAsync(host, FleetCalls.Elsewhere);
        var stepId = await host.SubmitAsync();
        var waiting = host.ClaimAsync("pod-a", waitSeconds: 30);

        await host.PostAsync($"/admin/types/{FleetCalls.Elsewhere}/resume");

        Assert.Equal(stepId, Assert.Single(await waiting).GetProperty("step_id").GetString());
    }

    [Fact]
    public async Task What_runs_already_goes_on()
    {
        await using var host = await RefineryHost.StartAsync();
        var stepId = await host.SubmitAsync();
        var claim = Assert.Single(await host.ClaimAsync("pod-a"));
        await PauseAsync(host, FleetCalls.Elsewhere);

        var body = new { pod_id = "pod-a", fence = claim.GetProperty("fence").GetInt64() };
        await host.PostAsync($"/api/steps/{stepId}/start", body);
        await host.PostAsync($"/api/steps/{stepId}/renew", body);
        await host.PostAsync($"/api/steps/{stepId}/complete", body);

        Assert.Equal("completed", await host.StatusAsync(stepId));
    }

    [Fact]
    public async Task A_pause_outlives_a_restart_and_the_order_outlives_the_pause()
    {
        using var folder = new TemporaryFolder();
        var first = await RefineryHost.StartAsync(folder);
        await PauseAsync(first, FleetCalls.Elsewhere);
        var low = await first.SubmitAsync();
        await first.StopAsync();

        await using var next = await RefineryHost.StartAsync(folder);
        var high = await next.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, priority = 5 });
        Assert.Empty(await next.ClaimAsync("pod-a", max: 2));
        await next.PostAsync($"/admin/types/{FleetCalls.Elsewhere}/resume");

        Assert.Equal([high, low], (await next.ClaimAsync("pod-a", max: 2)).Select(step => step.GetProperty("step_id").GetString()));
    }

    [Fact]
    public async Task A_step_says_since_when_and_why_its_type_is_paused()
    {
        await using var host = await RefineryHost.StartAsync();
        var first = await PauseAsync(host, FleetCalls.Elsewhere, "The cluster is upgraded.");
        var again = await PauseAsync(host, FleetCalls.Elsewhere, "Another reason.");
        var stepId = await host.SubmitAsync();

        var why = await host.GetAsync($"/api/steps/{stepId}/why");
        var listed = (await host.GetAsync("/admin/types")).GetProperty("types").EnumerateArray().ToDictionary(type => type.GetProperty("type").GetString()!);

        Assert.Equal("paused", why.GetProperty("cause").GetString());
        Assert.Equal("Type elsewhere is paused (The cluster is upgraded.); POST /admin/types/elsewhere/resume lets it go on.", why.GetProperty("detail").GetString());
        Assert.Equal(first.GetProperty("pause").GetRawText(), why.GetProperty("evidence").GetProperty("pause").GetRawText());
        Assert.Equal(first.GetProperty("pause").GetRawText(), again.GetProperty("pause").GetRawText());
        Assert.Equal("its type to be resumed: POST /admin/types/elsewhere/resume", (await host.GetAsync($"/status/{stepId}")).GetProperty("waiting_for").GetString());
        Assert.Equal(1, listed[FleetCalls.Elsewhere].GetProperty("pending").GetInt64());
        Assert.True(listed["hello_world"].GetProperty("is_served_here").GetBoolean());
        Assert.False(listed["hello_world"].TryGetProperty("pause", out _));
    }

    [Fact]
    public async Task A_name_that_is_no_type_is_refused()
    {
        await using var host = await RefineryHost.StartAsync();

        Assert.Equal(
            "The step type is 'a b'; 1 to 100 of the characters A-Z a-z 0-9 _ . : - are expected.",
            await host.PostRefusedAsync("/admin/types/a%20b/pause", "{}"));
    }

    private static Task<JsonElement> PauseAsync(RefineryHost host, string type, string? reason = null) =>
        host.PostAsync($"/admin/types/{type}/pause", reason is null ? new { } : new { reason });
}
