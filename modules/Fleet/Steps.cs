using Refinery.Contract;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Submits steps and answers about them.</summary>
internal sealed class Steps(
    Database database, StepIntake intake, DispatchQueue queue, StepChanges changes, StepCounters counters, QueueRoom room, TimeProvider clock) : ISteps
{
    private const int CancelPage = 1000;

    public async Task<IReadOnlyList<SubmittedStep>> SubmitAsync(IReadOnlyList<NewStep> steps, CancellationToken cancellationToken) =>
        [.. (await intake.TakeAsync(steps, cancellationToken)).Select(stored => new SubmittedStep(stored.Row.StepId, stored.Row.BuildId, stored.IsNew))];

    public async Task<IReadOnlyList<WaitingStep>> ListWaitingAsync(string type, int limit, int offset, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var rows = await database.ReadAsync(sql => StepStore.ListWaitingAsync(sql, type, now, (limit, offset)), cancellationToken);
        return [.. rows.Select(Waiting)];
    }

    public async Task<StepCounts> CountAsync(string type, CancellationToken cancellationToken)
    {
        var waiting = counters.Of(type, Status.Pending);
        var oldest = waiting == 0 ? null : await database.ReadAsync(sql => StepStore.OldestWaitingAsync(sql, type), cancellationToken);
        return new StepCounts(
            waiting,
            oldest is null ? null : Instant.Parse(oldest),
            counters.Of(type, Status.Claimed),
            counters.Of(type, Status.Running));
    }

    public long CountWaiting(string type) => counters.Of(type, Status.Pending);

    public long CountWaiting() => counters.Waiting;

    public long MostWaiting => room.Most;

    public async Task<long> CancelWaitingAsync(string type, string actor, string reason, CancellationToken cancellationToken)
    {
        var word = new Cancelling(actor, reason, Instant.Truncate(clock.GetUtcNow()));
        var cancelled = 0L;
        while (await database.WriteAsync(sql => changes.CancelWaitingAsync(sql, type, CancelPage, word), cancellationToken) is > 0 and var page)
        {
            cancelled += page;
        }

        await queue.ClearAsync(cancellationToken);
        return cancelled;
    }

    public async Task<bool> RetryAsync(string stepId, string reason, CancellationToken cancellationToken) =>
        await RetryAsync(stepId, step => step.Status is Status.Completed or Status.Failed or Status.Cancelled, reason, cancellationToken) is not null;

    /// <summary>Puts a step that has ended back in line under its own id, with all its retries; its idempotency key stays the same.</summary>
    /// <param name="may">Whether a step as it stands may be retried.</param>
    /// <returns>The step, or null when it may not (any more): of two who retry it at once, one does.</returns>
    /// <exception cref="QueueFullException">There is no room; nothing was changed.</exception>
    public async Task<StepRow?> RetryAsync(string stepId, Predicate<StepRow> may, string reason, CancellationToken cancellationToken)
    {
        // What may not be retried needs no room.
        if (await database.ReadAsync(sql => StepStore.FindAsync(sql, stepId), cancellationToken) is not { } ended || !may(ended))
        {
            return null;
        }

        var retried = await room.FillAsync(
            count: 1, () => database.WriteAsync(sql => RetryAsync(sql, stepId, may, reason), cancellationToken), came: row => row is null ? 0 : 1);
        if (retried is not null)
        {
            await queue.OfferAsync([Item(retried)]);
        }

        return retried;
    }

    public async Task<StepSnapshot?> FindAsync(string stepId, CancellationToken cancellationToken) =>
        await database.ReadAsync(sql => StepStore.FindAsync(sql, stepId), cancellationToken) is { } row ? Snapshot(row) : null;

    /// <summary>The queue item of a step.</summary>
    public static QueueItem Item(StepRow row) => new(row.StepId, row.Type, (int)row.Priority, row.Rank, row.CreatedAt);

    private async Task<StepRow?> RetryAsync(SqlSession sql, string stepId, Predicate<StepRow> may, string reason)
    {
        if (await StepStore.FindAsync(sql, stepId) is not { } ended || !may(ended) || await IsActiveElsewhereAsync(sql, ended))
        {
            return null;
        }

        var turns = new Turns(sql);
        var again = InLineAgain(ended, reason) with { Rank = await turns.NextAsync(Place.Of(ended), ended.CreatedAt) };
        await turns.KeepAsync();
        await changes.MakeAsync(sql, ended, again);
        sql.Append(StepEvents.Replayed(again, ended.Status));
        return again;
    }

    /// <summary>True when another step has taken the unique key since.</summary>
    private static async Task<bool> IsActiveElsewhereAsync(SqlSession sql, StepRow ended) =>
        ended.UniqueKey is { } key && await StepStore.FindActiveAsync(sql, ended.Type, key) is not null;

    private StepRow InLineAgain(StepRow ended, string reason) => ended with
    {
        Status = Status.Pending,
        RetryCount = 0,
        NotBefore = null,
        ClaimedBy = null,
        Detail = reason,
        UpdatedAt = Instant.Truncate(clock.GetUtcNow()),
    };

    private static WaitingStep Waiting(StepRow row) => new()
    {
        StepId = row.StepId,
        BuildId = row.BuildId,
        Args = StepJson.Parse(row.Args),
        Recipes = StepJson.Recipes(row.Recipes),
        Priority = (int)row.Priority,
        Attempts = (int)row.Attempts,
        EnqueuedAt = row.CreatedAt,
        NotBefore = row.NotBefore,
    };

    private static StepSnapshot Snapshot(StepRow row) => new()
    {
        StepId = row.StepId,
        BuildId = row.BuildId,
        Type = row.Type,
        Status = row.StepStatus,
        Args = StepJson.Parse(row.Args),
        Metadata = StepJson.Parse(row.Metadata),
        Recipes = StepJson.Recipes(row.Recipes),
        Priority = (int)row.Priority,
        RetryCount = (int)row.RetryCount,
        MaxRetries = (int)row.MaxRetries,
        ClaimedBy = row.ClaimedBy,
        NotBefore = row.NotBefore,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
        Detail = row.Detail,
        UniqueKey = row.UniqueKey,
    };
}
