using System.Collections.Frozen;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Fleet;
using Refinery.Kernel.Work;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>The pod inside this process knows each of its runs by its claim, and stops those that are its own no longer.</summary>
public sealed class LocalPodTests
{
    [Fact]
    public async Task A_claim_that_is_cancelled_before_its_run_begins_is_stopped_at_once()
    {
        await using var host = await StartAsync();
        var claimed = await ClaimAsync(host, await SleeperAsync(host));

        await host.Services.GetRequiredService<IStepCancel>().CancelAsync(claimed.StepId, "test", "Not needed.", CancellationToken.None);
        Pod(host).Begin(claimed);

        await Wait.UntilAsync(() => Task.FromResult(Pod(host).Running == 0));
        Assert.Equal("cancelled", (await host.RowAsync(claimed.StepId)).Status);
    }

    [Fact]
    public async Task A_step_claimed_again_while_its_lost_run_goes_on_has_two_runs_and_each_is_stopped_by_itself()
    {
        await using var host = await StartAsync();
        var first = await ClaimAsync(host, await SleeperAsync(host));
        Pod(host).Begin(first);
        await host.Services.GetRequiredService<StepEndings>().ReleaseAsync(HolderOf(first), "Taken back.", CancellationToken.None);
        var second = await ClaimAsync(host, first.StepId);

        Pod(host).Begin(second);
        var both = Pod(host).Held;
        Pod(host).StopLost([HolderOf(first)]);
        await Wait.UntilAsync(() => Task.FromResult(Pod(host).Running == 1));

        Assert.Equal([1L, 2L], both.Select(holder => holder.Fence).Order());
        Assert.Equal(HolderOf(second), Assert.Single(Pod(host).Held));
        Assert.Equal("running", (await host.RowAsync(first.StepId)).Status);
    }

    [Fact]
    public async Task A_pod_confined_to_steps_asks_no_more_for_those_that_have_ended()
    {
        await using var host = await StartAsync();
        var stepIds = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => host.SubmitAsync(new { type = "hello_world", args = new { } })));
        var fails = await host.SubmitAsync(new { type = "hello_world", args = new { fail = true }, max_retries = 0 });
        var elsewhere = await host.SubmitAsync();

        Pod(host).Confine([.. stepIds, fails]);
        await Wait.UntilAsync(() => Task.FromResult(Pod(host).Wanted?.Count == 0 && Pod(host).Running == 0));

        Assert.All(await Task.WhenAll(stepIds.Select(host.RowAsync)), step => Assert.Equal("completed", step.Status));
        Assert.Equal("failed", await host.StatusAsync(fails));
        Assert.Equal("pending", await host.StatusAsync(elsewhere));
    }

    /// <summary>A host whose pod claims nothing by itself, and whose heart would stop a lost run too late for a test to see.</summary>
    private static async Task<RefineryHost> StartAsync()
    {
        var host = await RefineryHost.StartAsync(("FLEET_Q_HEARTBEAT_SEC", "600"), ("FLEET_Q_LEASE_SEC", "3600"), ("SHUTDOWN_GRACE_SEC", "0"));
        Pod(host).Confine([]);
        return host;
    }

    private static LocalPod Pod(RefineryHost host) => host.Services.GetRequiredService<LocalPod>();

    private static Task<string> SleeperAsync(RefineryHost host) => host.SubmitAsync(new { type = "hello_world", args = new { sleep_ms = 600_000 } });

    /// <summary>Claims as the pod does, which would begin the run next.</summary>
    private static async Task<StepRow> ClaimAsync(RefineryHost host, string stepId)
    {
        var request = new ClaimRequest(host.Services.GetRequiredService<PodIdentity>().PodId, FrozenSet<string>.Empty, Max: 1, Start: true);
        return Assert.Single(await host.Services.GetRequiredService<StepClaims>().ClaimOfAsync([stepId], request, CancellationToken.None));
    }

    private static Holder HolderOf(StepRow step) => new(step.StepId, step.ClaimedBy!, step.Fence);
}
