using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Moves steps from status to status: the row by one conditional update, the counts once it is committed.</summary>
internal sealed class StepChanges(StepCounters counters, ClaimBells bells)
{
    /// <summary>The step that a pod says it holds; null when it does not, or no longer.</summary>
    public static async Task<StepRow?> FindHeldAsync(SqlSession sql, Holder holder) =>
        await StepStore.FindAsync(sql, holder.StepId) is { } step && IsHeld(step, holder) ? step : null;

    /// <summary>The steps that pods say they hold; those that are not held by them, or no longer, are left out.</summary>
    public static async Task<IReadOnlyDictionary<Holder, StepRow>> ListHeldAsync(SqlSession sql, IReadOnlyCollection<Holder> holders)
    {
        var rows = (await StepStore.ListAsync(sql, holders.Select(holder => holder.StepId).Distinct(StringComparer.Ordinal))).ToDictionary(row => row.StepId, StringComparer.Ordinal);
        return holders.Distinct()
            .Where(holder => rows.TryGetValue(holder.StepId, out var row) && IsHeld(row, holder))
            .ToDictionary(holder => holder, holder => rows[holder.StepId]);
    }

    /// <summary>True when the step was cancelled and nobody has claimed it since the holder.</summary>
    public static async Task<bool> IsCancelledAsync(SqlSession sql, Holder holder) =>
        await StepStore.FindAsync(sql, holder.StepId) is { Status: Status.Cancelled, Fence: > 0 } row && row.Fence == holder.Fence;

    /// <summary>Makes a step what it is to be.</summary>
    /// <param name="before">As this unit has read it.</param>
    public Task MakeAsync(SqlSession sql, StepRow before, StepRow after) => MakeAsync(sql, [new StepChange(before, after)]);

    /// <summary>Makes steps what they are to be. Nobody else writes between this unit's reading and its end; were it otherwise, the unit would fail.</summary>
    /// <param name="changes">Each step once.</param>
    public async Task MakeAsync(SqlSession sql, IReadOnlyList<StepChange> changes)
    {
        await StepStore.ChangeAsync(sql, changes);
        foreach (var alike in changes.GroupBy(change => change.Before.Status, change => change.After, StringComparer.Ordinal))
        {
            counters.MoveAfter(sql, alike, alike.Key);
        }

        if (changes.Any(change => change.After is { Status: Status.Pending, NotBefore: null }))
        {
            sql.Tell(DispatchQueue.Came);
        }
    }

    /// <summary>Cancels a step that has not ended.</summary>
    /// <param name="before">As this unit has read it.</param>
    /// <returns>The step as it is then, still naming who held it.</returns>
    public async Task<StepRow> CancelAsync(SqlSession sql, StepRow before, Cancelling word)
    {
        var after = before with { Status = Status.Cancelled, Detail = word.Reason, LeaseUntil = null, NotBefore = null, UpdatedAt = word.Now };
        await MakeAsync(sql, before, after);
        if (after.ClaimedBy is not null)
        {
            bells.RingAfter(sql, after.Holder);
        }

        Tell(sql, after, before.Status, word);
        return after;
    }

    /// <summary>Cancels up to so many waiting steps of a type.</summary>
    /// <returns>How many.</returns>
    public async Task<int> CancelWaitingAsync(SqlSession sql, string type, int limit, Cancelling word)
    {
        var rows = await StepStore.CancelWaitingAsync(sql, type, word, limit);
        foreach (var row in rows)
        {
            Tell(sql, row, Status.Pending, word);
        }

        counters.MoveAfter(sql, rows, Status.Pending);
        return rows.Count;
    }

    private static bool IsHeld(StepRow step, Holder holder) =>
        step.Status is Status.Claimed or Status.Running && step.ClaimedBy == holder.PodId && step.Fence == holder.Fence;

    /// <summary>The step's own event names the pod that held it; that of a build names who cancelled it.</summary>
    private static void Tell(SqlSession sql, StepRow cancelled, string from, Cancelling word)
    {
        sql.Append(cancelled.ClaimedBy is null ? StepEvents.Cancelled(cancelled) : StepEvents.Invalidated(cancelled, word.Reason));
        if (StepEvents.BuildCancelled(cancelled, from, word.Actor) is { } told)
        {
            sql.Append(told);
        }
    }
}

/// <summary>Who cancels, why and when.</summary>
/// <param name="Actor">As the journal names who acts.</param>
internal sealed record Cancelling(string Actor, string Reason, DateTimeOffset Now);
