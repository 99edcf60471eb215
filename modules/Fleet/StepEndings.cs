using System.Data.Common;
using Microsoft.Extensions.Options;
using Refinery.Contract;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Ends attempts: success, failure with or without another try, a claim given back, a worker lost.</summary>
/// <remarks>A result counts only under the fence it was claimed with: of two who say they ran a step, one is refused.</remarks>
internal sealed class StepEndings(
    PodIdentity identity, Database database, DispatchQueue queue, StepCounters counters, IOptions<FleetOptions> options, TimeProvider clock)
{
    private const int OrphanPage = 500;

    /// <summary>Records the outcome of an attempt.</summary>
    /// <returns>The step as it is now, or null when the claim is no longer the holder's: discard the result.</returns>
    public async Task<StepRow?> FinishAsync(Holder holder, StepOutcome outcome, RunFacts facts, CancellationToken cancellationToken)
    {
        var row = await database.WriteAsync(
            sql => FinishAsync(sql, holder, outcome, facts), cancellationToken);
        await OfferAgainAsync(row is null ? [] : [row]);
        return row;
    }

    /// <summary>Records many outcomes in one unit.</summary>
    /// <returns>One entry per report, in order; null where the claim was no longer the holder's.</returns>
    public async Task<IReadOnlyList<StepRow?>> FinishAsync(IReadOnlyList<Reported> reports, CancellationToken cancellationToken)
    {
        var rows = await database.WriteAsync(
            async sql =>
            {
                var finished = new List<StepRow?>(reports.Count);
                foreach (var (holder, outcome, facts) in reports)
                {
                    finished.Add(await FinishAsync(sql, holder, outcome, facts));
                }

                return finished;
            },
            cancellationToken);
        await OfferAgainAsync([.. rows.OfType<StepRow>()]);
        return rows;
    }

    /// <summary>Who cancelled the step and why; null when it was not cancelled since the holder claimed it, or nobody can tell now.</summary>
    public async Task<string?> WhyCancelledAsync(Holder holder)
    {
        try
        {
            var row = await database.ReadAsync(sql => StepStore.FindAsync(sql, holder.StepId), CancellationToken.None);
            return row is { Status: Status.Cancelled } && row.Fence == holder.Fence ? row.Detail : null;
        }
        catch (Exception fault) when (fault is DbException or DatabaseUnavailableException)
        {
            return null;
        }
    }

    /// <summary>Gives a claim back unspent: no retry is counted, the step may be called again at once.</summary>
    public async Task<StepRow?> ReleaseAsync(Holder holder, string why, CancellationToken cancellationToken)
    {
        var row = await database.WriteAsync(sql => ReleaseAsync(sql, holder, why), cancellationToken);
        await OfferAgainAsync(row is null ? [] : [row]);
        return row;
    }

    /// <summary>Gives back what was held when the database was lost and made anew from the journal: nobody knows whose lease still ran.</summary>
    public async Task<IReadOnlyList<StepRow>> ReleaseRestoredAsync(CancellationToken cancellationToken)
    {
        var released = await database.WriteAsync(
            async sql =>
            {
                var rows = new List<StepRow>();
                foreach (var step in await StepStore.ListRestoredAsync(sql))
                {
                    var holder = new Holder(step.StepId, step.ClaimedBy ?? string.Empty, step.Fence);
                    rows.AddRange(await ReleaseAsync(sql, holder, "The database was made anew from the journal while the step was held.") is { } row ? [row] : []);
                }

                return rows;
            },
            cancellationToken);
        await OfferAgainAsync(released);
        return released;
    }

    /// <summary>Requeues, or ends when no retry is left, the next claimed or running steps whose lease had run out at an instant.</summary>
    /// <param name="lead">Under which this pod leads.</param>
    /// <returns>The steps as they are now; empty when there are no more, null when the term is over and nothing was done.</returns>
    public Task<IReadOnlyList<StepRow>?> RecoverAsync(Lead lead, DateTimeOffset asOf, CancellationToken cancellationToken) => RecoverAsync(
        async sql => await LeaderStore.HoldAsync(sql, lead) ? await StepStore.ListOrphansAsync(sql, asOf, OrphanPage) : null, "lost its lease", cancellationToken);

    /// <summary>Requeues everything a pod held that is known to be dead.</summary>
    public async Task<IReadOnlyList<StepRow>> RecoverPodAsync(string podId, CancellationToken cancellationToken) => await RecoverAsync(
        async sql => await StepStore.ListHeldAsync(sql, podId), "ended without a word", cancellationToken) ?? [];

    private async Task<IReadOnlyList<StepRow>?> RecoverAsync(
        Func<SqlSession, Task<IReadOnlyList<StepRow>?>> list, string what, CancellationToken cancellationToken)
    {
        var recovered = await database.WriteAsync(
            async sql =>
            {
                if (await list(sql) is not { } orphans)
                {
                    return null;
                }

                var rows = new List<StepRow>();
                foreach (var orphan in orphans)
                {
                    var lost = StepOutcome.Failure("worker_lost", $"Pod {orphan.ClaimedBy} {what} while it held the step.");
                    var holder = new Holder(orphan.StepId, orphan.ClaimedBy ?? string.Empty, orphan.Fence);
                    if (await FailAsync(sql, holder, lost, RunFacts.None) is { } row)
                    {
                        rows.Add(row);
                    }
                }

                return rows;
            },
            cancellationToken);
        await OfferAgainAsync(recovered ?? []);
        return recovered;
    }

    private Task<StepRow?> FinishAsync(SqlSession sql, Holder holder, StepOutcome outcome, RunFacts facts) =>
        outcome.Succeeded ? CompleteAsync(sql, holder, outcome, facts) : FailAsync(sql, holder, outcome, facts);

    private async Task<StepRow?> CompleteAsync(SqlSession sql, Holder holder, StepOutcome outcome, RunFacts facts)
    {
        if (await EndAsync(sql, holder, new Ending(Status.Completed, outcome.Detail, Now())) is not { } row)
        {
            return null;
        }

        foreach (var artifact in outcome.Artifacts)
        {
            sql.Append(StepEvents.ArtifactMade(row, artifact));
        }

        sql.Append(StepEvents.Succeeded(row, outcome, facts));
        return row;
    }

    /// <summary>Ends a running step, or one that was claimed and never said that it started, as pods elsewhere often do not.</summary>
    private async Task<StepRow?> EndAsync(SqlSession sql, Holder holder, Ending ending)
    {
        string[] likely = holder.PodId == identity.PodId ? [Status.Running, Status.Claimed] : [Status.Claimed, Status.Running];
        foreach (var from in likely)
        {
            if (await StepStore.FinishAsync(sql, holder, from, ending) is { } row)
            {
                sql.AfterCommit(() => counters.Move(row.Type, from, row.Status));
                return row;
            }
        }

        return null;
    }

    private async Task<StepRow?> FailAsync(SqlSession sql, Holder holder, StepOutcome outcome, RunFacts facts)
    {
        if (await StepStore.FindAsync(sql, holder.StepId) is not { } before)
        {
            return null;
        }

        var again = outcome.Retryable && before.RetryCount < before.MaxRetries;
        var row = again
            ? await StepStore.RequeueAsync(sql, holder, Requeue(before, outcome))
            : await EndAsync(sql, holder, new Ending(Status.Failed, outcome.Detail, Now()));
        if (row is null)
        {
            return null;
        }

        if (again)
        {
            sql.AfterCommit(() => counters.Move(row.Type, before.Status, row.Status));
        }

        // The event names the pod and the attempt that failed, which the requeued row no longer holds.
        sql.Append(StepEvents.Failed(row with { ClaimedBy = before.ClaimedBy }, outcome, facts));
        return row;
    }

    private async Task<StepRow?> ReleaseAsync(SqlSession sql, Holder holder, string why)
    {
        var requeue = new Requeue(Counts: 0, NotBefore: null, Recipes: null, why, Now());
        if (await StepStore.FindAsync(sql, holder.StepId) is not { } before || await StepStore.RequeueAsync(sql, holder, requeue) is not { } row)
        {
            return null;
        }

        sql.Append(StepEvents.Invalidated(row with { ClaimedBy = before.ClaimedBy }, why));
        sql.AfterCommit(() => counters.Move(row.Type, before.Status, row.Status));
        return row;
    }

    private Requeue Requeue(StepRow before, StepOutcome outcome)
    {
        DateTimeOffset? notBefore = outcome.RetryAtOnce ? null : Now() + options.Value.Backoff(before.RetryCount + 1);
        return new Requeue(Counts: 1, notBefore, StepJson.Merge(before.Recipes, outcome.Recipes), outcome.Detail, Now());
    }

    /// <summary>Steps that wait for a later instant are reached from SQL once due.</summary>
    private async Task OfferAgainAsync(IReadOnlyList<StepRow> rows)
    {
        var ready = rows.Where(row => row.Status == Status.Pending && row.NotBefore is null).Select(Steps.Item).ToList();
        if (ready.Count > 0)
        {
            await queue.OfferAsync(ready);
        }
    }

    private DateTimeOffset Now() => Instant.Truncate(clock.GetUtcNow());
}

/// <summary>What a pod reports about a step it held.</summary>
internal sealed record Reported(Holder Holder, StepOutcome Outcome, RunFacts Facts);
