using Microsoft.Extensions.DependencyInjection;
using Refinery.Fleet;
using Refinery.Kernel.Journal;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>Two who would lead recover at once, and the lead goes to and fro between them.</summary>
public sealed class LeaderRaceTests
{
    [Theory]
    [MemberData(nameof(Chance.Rounds), MemberType = typeof(Chance))]
    public async Task No_step_is_recovered_twice_however_the_lead_changes_hands(int round)
    {
        await using var host = await RecoveryYard.StartAsync();
        var orphans = await host.OrphanAsync(50 + round);
        var endings = host.Services.GetRequiredService<StepEndings>();
        var election = host.Services.GetRequiredService<Election>();
        var own = election.Lead!;

        var taken = await TakeAsync("pod-usurper");
        var stale = Enumerable.Range(0, 4).Select(_ => RecoverAsync(own)).ToList();
        var leaders = Enumerable.Range(0, 4).SelectMany(_ => new[] { TakeAndRecoverAsync(own.PodId), TakeAndRecoverAsync("pod-usurper"), RecoverAsync(taken) });
        await Task.WhenAll(leaders);

        Assert.All(await Task.WhenAll(stale), Assert.Null);

        var failed = (await host.Services.GetRequiredService<EventJournal>().ListAfterAsync(0, 1000, CancellationToken.None)).Count(link => link.EventType == "attempt.failed");
        Assert.Equal(orphans.Count, failed);
        foreach (var stepId in orphans)
        {
            var row = await host.RowAsync(stepId);
            Assert.Equal(("pending", 1L), (row.Status, row.RetryCount));
        }

        async Task<IReadOnlyList<StepRow>?> TakeAndRecoverAsync(string podId) => await RecoverAsync(await TakeAsync(podId));

        // A lead of an older term is refused as a whole; the last one taken recovers what is left.
        Task<IReadOnlyList<StepRow>?> RecoverAsync(Lead lead) => endings.RecoverAsync(lead, TimeProvider.System.GetUtcNow(), CancellationToken.None);

        Task<Lead> TakeAsync(string podId) => host.Database.WriteAsync(
            async sql =>
            {
                var seen = await LeaderStore.ReadAsync(sql);
                Assert.Equal(1, await LeaderStore.TakeAsync(sql, podId, seen, TimeProvider.System.GetUtcNow()));
                return new Lead(podId, seen.Term + 1);
            },
            CancellationToken.None);
    }

    [Fact]
    public async Task A_lead_of_an_older_term_recovers_nothing()
    {
        await using var host = await RecoveryYard.StartAsync();
        var stepId = Assert.Single(await host.OrphanAsync(1));
        var slept = host.Services.GetRequiredService<Election>().Lead!;
        await host.UsurpAsync();

        var recovered = await host.Services.GetRequiredService<StepEndings>().RecoverAsync(slept, TimeProvider.System.GetUtcNow(), CancellationToken.None);

        Assert.Null(recovered);
        Assert.Equal("claimed", (await host.RowAsync(stepId)).Status);
    }
}
