using System.Data.Common;
using Microsoft.Extensions.Options;
using Refinery.Contract;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Ends attempts: success, failure with or without another try, a claim given back, a worker lost.</summary>
/// <remarks>A result counts only under the fence it was claimed with: of two who say they ran a step, one is refused.</remarks>
internal sealed class StepEndings(Database database, DispatchQueue queue, StepChanges changes, IOptions<FleetOptions> options, TimeProvider clock)
{
    private const int OrphanPage = 500;

    private SharedWork<IReadOnlyList<Reported>, IReadOnlyList<StepRow?>> Endings => field ??= new(FinishAllAsync);

    /// <summary>Records the outcome of an attempt.</summary>
    /// <returns>The step as it is now, or null when the claim is no longer the holder's: discard the result.</returns>
    public async Task<StepRow?> FinishAsync(Holder holder, StepOutcome outcome, RunFacts facts, CancellationToken cancellationToken)
    {
        var rows = await FinishAsync([new Reported(holder, outcome, facts)], cancellationToken);
        return rows[0];
    }

    /// <summary>Records many outcomes in one unit.</summary>
    /// <returns>One entry per report, in order; null where the claim was no longer the holder's.</returns>
    public async Task<IReadOnlyList<StepRow?>> FinishAsync(IReadOnlyList<Reported> reports, CancellationToken cancellationToken)
    {
        var rows = await database.WriteAsync(Endings, reports, cancellationToken);
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

    /// <summary>Gives many claims back unspent, in one unit.</summary>
    public Task<IReadOnlyList<StepRow>> ReleaseAsync(IReadOnlyList<StepRow> held, string why, CancellationToken cancellationToken) =>
        ReleaseAllAsync(_ => Task.FromResult(held), why, cancellationToken);

    /// <summary>Gives back what a pod holds beside these steps: it never got the answer to its claim.</summary>
    public Task<IReadOnlyList<StepRow>> ReleaseOthersAsync(string podId, IReadOnlyList<string> stepIds, CancellationToken cancellationToken) => ReleaseAllAsync(
        async sql => [.. (await StepStore.ListHeldAsync(sql, podId)).Where(step => !stepIds.Contains(step.StepId, StringComparer.Ordinal))],
        $"Pod {podId} stopped before it got the step.",
        cancellationToken);

    /// <summary>Gives back what was held when the database was lost and made anew from the journal: nobody knows whose lease still ran.</summary>
    public Task<IReadOnlyList<StepRow>> ReleaseRestoredAsync(CancellationToken cancellationToken) =>
        ReleaseAllAsync(StepStore.ListRestoredAsync, "The database was made anew from the journal while the step was held.", cancellationToken);

    /// <summary>Requeues, or ends when no retry is left, the next claimed or running steps whose lease had run out at an instant.</summary>
    /// <param name="lead">Under which this pod leads.</param>
    /// <returns>The steps as they are now; empty when there are no more, null when the term is over and nothing was done.</returns>
    public Task<IReadOnlyList<StepRow>?> RecoverAsync(Lead lead, DateTimeOffset asOf, CancellationToken cancellationToken) => RecoverAsync(
        async sql => await LeaderStore.HoldAsync(sql, lead) ? await StepStore.ListOrphansAsync(sql, asOf, OrphanPage) : null, "lost its lease", cancellationToken);

    /// <summary>Requeues everything a pod held that is known to be dead.</summary>
    public async Task<IReadOnlyList<StepRow>> RecoverPodAsync(string podId, CancellationToken cancellationToken) => await RecoverAsync(
        async sql => await StepStore.ListHeldAsync(sql, podId), "ended without a word", cancellationToken) ?? [];

    private async Task<IReadOnlyList<StepRow>> ReleaseAllAsync(
        Func<SqlSession, Task<IReadOnlyList<StepRow>>> list, string why, CancellationToken cancellationToken)
    {
        var released = await database.WriteAsync(
            async sql =>
            {
                var rows = new List<StepRow>();

                // Each becomes the next of its line, so the first of them comes last.
                foreach (var step in (await list(sql)).Reverse())
                {
                    rows.AddRange(await ReleaseAsync(sql, step.Holder, why) is { } row ? [row] : []);
                }

                rows.Reverse();
                return rows;
            },
            cancellationToken);
        await OfferAgainAsync(released);
        return released;
    }

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
                    var holder = orphan.Holder;
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

    /// <summary>Records the outcomes that came together: what has succeeded at once, then each failure, whose place in line depends on those before it.</summary>
    private async Task<IReadOnlyList<IReadOnlyList<StepRow?>>> FinishAllAsync(SqlSession sql, IReadOnlyList<IReadOnlyList<Reported>> all)
    {
        // Of two reports of one claim the first counts.
        var reports = all.SelectMany(some => some).DistinctBy(report => report.Holder).ToList();
        var rows = await CompleteAsync(sql, [.. reports.Where(report => report.Outcome.Succeeded)]);
        foreach (var report in reports.Where(report => !report.Outcome.Succeeded))
        {
            if (await FailAsync(sql, report.Holder, report.Outcome, report.Facts) is { } row)
            {
                rows.Add(report, row);
            }
        }

        return [.. all.Select(some => some.Select(report => rows.GetValueOrDefault(report)).ToList())];
    }

    /// <returns>The steps as they are then, by report; none for what its holder does not hold any more.</returns>
    private async Task<Dictionary<Reported, StepRow>> CompleteAsync(SqlSession sql, IReadOnlyList<Reported> reports)
    {
        var held = await StepChanges.ListHeldAsync(sql, [.. reports.Select(report => report.Holder)]);
        var rows = new Dictionary<Reported, StepRow>(ReferenceEqualityComparer.Instance);
        foreach (var report in reports.Where(report => held.ContainsKey(report.Holder)))
        {
            rows.Add(report, Ended(held[report.Holder], Status.Completed, report.Outcome.Detail));
        }

        await changes.MakeAsync(sql, [.. rows.Select(one => new StepChange(held[one.Key.Holder], one.Value))]);
        foreach (var (report, row) in rows)
        {
            foreach (var artifact in report.Outcome.Artifacts)
            {
                sql.Append(StepEvents.ArtifactMade(row, artifact));
            }

            sql.Append(StepEvents.Succeeded(row, report.Outcome, report.Facts));
        }

        return rows;
    }

    private async Task<StepRow?> FailAsync(SqlSession sql, Holder holder, StepOutcome outcome, RunFacts facts)
    {
        if (await StepChanges.FindHeldAsync(sql, holder) is not { } held)
        {
            return null;
        }

        var again = outcome.Retryable && held.RetryCount < held.MaxRetries;
        var row = again ? await RetriedAsync(sql, held, outcome) : Ended(held, Status.Failed, outcome.Detail);
        await changes.MakeAsync(sql, held, row);

        // The event names the pod and the attempt that failed, which the requeued row no longer holds.
        sql.Append(StepEvents.Failed(row with { ClaimedBy = held.ClaimedBy }, outcome, facts));
        return row;
    }

    private async Task<StepRow?> ReleaseAsync(SqlSession sql, Holder holder, string why)
    {
        if (await StepChanges.FindHeldAsync(sql, holder) is not { } held)
        {
            return null;
        }

        var row = await BackInLineAsync(sql, held, why);
        await changes.MakeAsync(sql, held, row);

        sql.Append(StepEvents.Invalidated(row with { ClaimedBy = held.ClaimedBy }, why));
        return row;
    }

    private StepRow Ended(StepRow held, string status, string detail) =>
        held with { Status = status, Detail = detail, LeaseUntil = null, UpdatedAt = Now() };

    private async Task<StepRow> BackInLineAsync(SqlSession sql, StepRow held, string detail) =>
        Waiting(held, detail) with { Rank = await Turns.BackAsync(sql, held) };

    /// <summary>One that waits before its next attempt joins the line when that is due.</summary>
    private async Task<StepRow> RetriedAsync(SqlSession sql, StepRow held, StepOutcome outcome)
    {
        var waiting = outcome.RetryAtOnce
            ? await BackInLineAsync(sql, held, outcome.Detail)
            : Waiting(held, outcome.Detail) with { NotBefore = Now() + options.Value.Backoff(held.RetryCount + 1) };
        return waiting with { RetryCount = held.RetryCount + 1, Recipes = StepJson.Merge(held.Recipes, outcome.Recipes) ?? held.Recipes };
    }

    private StepRow Waiting(StepRow held, string detail) => held with
    {
        Status = Status.Pending,
        ClaimedBy = null,
        LeaseUntil = null,
        NotBefore = null,
        Detail = detail,
        UpdatedAt = Now(),
    };

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
