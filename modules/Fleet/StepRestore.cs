using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Brings the steps back when the database is made anew from the journal: what waited waits, what ended is known.</summary>
/// <remarks>
/// A step that was held comes back held, under its fence and without a lease, and
/// <see cref="FleetStart"/> puts it back in line: a late result is refused, and the next attempt has the next number.
/// </remarks>
internal sealed class StepRestore : IRestore
{
    public async Task RestoreAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        // Events of others, which may have the same types, name their target.
        foreach (var link in events.Where(link => link.Target is null))
        {
            if (StepReading.Created(link) is { } row)
            {
                await StepStore.InsertUnlessThereAsync(sql, row.NotBefore is null ? row with { Rank = await RankAsync(sql, row) } : row);
            }
            else if (StepReading.Changed(link) is { } change)
            {
                var isInLine = change is { Status: Status.Pending, NotBefore: null };
                var rank = isInLine && await StepStore.FindAsync(sql, change.StepId) is { } before ? await RankAsync(sql, before) : (long?)null;
                await StepStore.RestoreAsync(sql, change with { Rank = rank });
            }
        }
    }

    /// <summary>The journal knows no ranks: whoever joins a line takes a turn as it did, and is counted behind its owner's others when it had come straight back.</summary>
    private static async Task<long> RankAsync(SqlSession sql, StepRow step)
    {
        var turns = new Turns(sql);
        var rank = await turns.NextAsync(Place.Of(step), step.CreatedAt);
        await turns.KeepAsync();
        return rank;
    }
}
