namespace Refinery.Tests.Chaos;

/// <summary>A lease lives only while its step is run.</summary>
public sealed class LeaseTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly TemporaryFolder work = new();

    /// <summary>So it is after a result that could not be written down: the pod lives, is busy with others, and knows nothing of the step.</summary>
    [Fact]
    public async Task A_step_that_a_busy_pod_holds_but_does_not_run_is_freed()
    {
        var plugin = new EffectPlugin(work);
        var host = await RefineryHost.StartAsync(
            folder, ("PLUGINS_DIR", plugin.Plugins), ("HINT_CATALOGUE", "0"), ("FLEET_Q_LEASE_SEC", "2"), ("FLEET_Q_HEARTBEAT_SEC", "1"), ("FLEET_Q_RECOVERY_SEC", "1"), ("FLEET_Q_BACKOFF_SEC", "0"));
        var running = await host.SubmitAsync(plugin.Step(gate: work.File("gate")));
        await Wait.UntilAsync(async () => (await host.RowAsync(running)).Status == "running");
        await host.SubmitAsync();
        await host.ClaimAsync((await host.RowAsync(running)).ClaimedBy!);

        var claim = Assert.Single(await host.ClaimAsync("pod-b", waitSeconds: 15));
        await File.WriteAllTextAsync(work.File("gate"), "open");
        await host.UntilCompletedAsync(running);

        Assert.Equal(2, claim.GetProperty("fence").GetInt64());
        Assert.Equal(1, (await host.RowAsync(running)).Attempts);
        await host.StopAsync();
    }

    public void Dispose()
    {
        folder.Dispose();
        work.Dispose();
    }
}
