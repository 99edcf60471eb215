using Microsoft.Extensions.DependencyInjection;

namespace Refinery.Tests.Chaos;

/// <summary>Somebody sets the wall clock by an hour while steps are held: no lease ends early, none lasts for ever.</summary>
public sealed class ClockTests : IDisposable
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly TemporaryFolder folder = new();
    private readonly TemporaryFolder work = new();
    private readonly SetClock clock = new();

    [Fact]
    public async Task A_step_that_runs_is_not_run_again_when_the_clock_is_set_forward()
    {
        var plugin = new EffectPlugin(work);
        var host = await StartAsync(("PLUGINS_DIR", plugin.Plugins), ("FLEET_Q_LEASE_SEC", "600"), ("FLEET_Q_HEARTBEAT_SEC", "200"));
        var stepId = await host.SubmitAsync(plugin.Step(gate: work.File("gate")));
        await Wait.UntilAsync(async () => (await host.RowAsync(stepId)).Status == "running");

        clock.Set(Hour);
        await Wait.UntilAsync(async () => await host.RowAsync(stepId) is { Status: not "running" } || (await host.RowAsync(stepId)).LeaseUntil > clock.GetUtcNow());
        await File.WriteAllTextAsync(work.File("gate"), "open");
        await host.UntilCompletedAsync(stepId);

        Assert.Equal(1, (await host.RowAsync(stepId)).Attempts);
        Assert.Equal([$"{stepId}@1"], plugin.Found());
        await host.StopAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task A_dead_pods_step_is_given_to_another_whichever_way_the_clock_is_set(int hours)
    {
        var host = await StartAsync(("FLEET_Q_LEASE_SEC", "2"), ("FLEET_Q_HEARTBEAT_SEC", "1"));
        await host.SubmitAsync();
        await host.ClaimAsync("pod-dead");

        clock.Set(hours * Hour);
        var claim = Assert.Single(await host.ClaimAsync("pod-b", waitSeconds: 30));

        Assert.Equal(2, claim.GetProperty("fence").GetInt64());
        await host.StopAsync();
    }

    [Fact]
    public async Task A_clock_set_back_while_the_host_is_down_keeps_no_lease_alive()
    {
        var before = await StartAsync(("FLEET_Q_LEASE_SEC", "2"), ("FLEET_Q_HEARTBEAT_SEC", "1"));
        await before.SubmitAsync();
        await before.ClaimAsync("pod-dead");
        await before.StopAsync();

        clock.Set(-Hour);
        var host = await StartAsync(("FLEET_Q_LEASE_SEC", "2"), ("FLEET_Q_HEARTBEAT_SEC", "1"));

        Assert.Single(await host.ClaimAsync("pod-b", waitSeconds: 30));
        await host.StopAsync();
    }

    [Fact]
    public async Task A_retry_does_not_wait_an_hour_longer_when_the_clock_is_set_back()
    {
        var host = await StartAsync(("FLEET_Q_BACKOFF_SEC", "1"));
        var stepId = await host.SubmitAsync();
        await host.ClaimAsync("pod-a");
        await host.PostAsync($"/api/steps/{stepId}/fail", new { pod_id = "pod-a", fence = 1 });

        clock.Set(-Hour);

        Assert.Single(await host.ClaimAsync("pod-a", waitSeconds: 30));
        await host.StopAsync();
    }

    [Fact]
    public async Task A_long_poll_lasts_as_long_as_asked_when_the_clock_is_set_back()
    {
        var host = await StartAsync();
        var poll = host.ClaimAsync("pod-a", waitSeconds: 1.5);

        clock.Set(-Hour);

        Assert.Empty(await poll.WaitAsync(TimeSpan.FromSeconds(30)));
        await host.StopAsync();
    }

    public void Dispose()
    {
        folder.Dispose();
        work.Dispose();
    }

    private Task<RefineryHost> StartAsync(params (string Name, string Value)[] settings) => RefineryHost.StartAsync(
        folder,
        services => services.AddSingleton<TimeProvider>(clock),
        [("HINT_CATALOGUE", "0"), ("FLEET_Q_RECOVERY_SEC", "1"), ("FLEET_Q_BACKOFF_SEC", "0"), .. settings]);
}
