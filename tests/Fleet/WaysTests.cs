using System.Collections.Frozen;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Contract;
using Refinery.Fleet;
using Refinery.Kernel.Work;
using Refinery.Tests.Chaos;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Fleet;

/// <summary>How often a group goes to a server that is elsewhere and back: mostly that is what a step waits for.</summary>
public sealed class WaysTests
{
    [Fact]
    public async Task A_step_is_stored_and_ended_over_two_ways_each_and_handed_over_by_an_idle_fleet_over_one()
    {
        using var books = new TemporaryFolder();
        await using var host = await RefineryHost.StartAsync(books, _ => { }, ("POSTGRES_DSN", PostgresEngine.ConnectionStringOf(books)), ("LOCAL_WORKER", "0"));
        var ways = await WayCount.JoinAsync(host.Database);

        await host.SubmitAsync();
        Assert.Equal([1], ways.BeforeCommitOf("task.created"));
        var (claims, endings) = (host.Services.GetRequiredService<StepClaims>(), host.Services.GetRequiredService<StepEndings>());
        var request = new ClaimRequest("pod", FrozenSet.Create(StringComparer.Ordinal, FleetCalls.Elsewhere), Max: 1, Start: true);
        await claims.ClaimNowAsync(request, CancellationToken.None);

        ways.Clear();
        var claim = claims.ClaimAsync(request, TimeSpan.FromMinutes(1), CancellationToken.None);
        await Wait.UntilAsync(() => Task.FromResult(host.Services.GetRequiredService<WaitingClaims>().Count == 1));
        await host.SubmitAsync();
        var step = Assert.Single(await claim);
        Assert.Equal([0], ways.BeforeCommitOf("task.created"));
        Assert.Equal([0], ways.BeforeCommitOf("attempt.started"));

        await endings.FinishAsync(step.Holder, StepOutcome.Success("done"), RunFacts.None, CancellationToken.None);
        Assert.Equal([1], ways.BeforeCommitOf("attempt.succeeded"));
    }
}
