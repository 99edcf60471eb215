using Refinery.Contract;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Submits steps and answers about them.</summary>
internal sealed class Steps(
    Database database, DispatchQueue queue, StepChanges changes, StepCounters counters, Ids ids, QueueRoom room, TimeProvider clock) : ISteps
{
    private const int CancelPage = 1000;

    public async Task<IReadOnlyList<SubmittedStep>> SubmitAsync(IReadOnlyList<NewStep> steps, CancellationToken cancellationToken)
    {
        // Ids and texts are made here, by as many callers as there are: the database's one writer only writes them down.
        var now = Instant.Truncate(clock.GetUtcNow());
        var prepared = steps.Select(step => Prepare(step, now)).ToList();
        var rows = await room.FillAsync(steps.Count, () => database.WriteAsync(sql => InsertAsync(sql, prepared), cancellationToken));
        await OfferAsync(rows);
        return [.. rows.Select(Submitted)];
    }

    /// <summary>Stores the step unless its key has made one before, whichever process took that in.</summary>
    public async Task<KeyedStep> SubmitOnceAsync(NewStep step, string key, CancellationToken cancellationToken)
    {
        // What the key has made already needs no room.
        if (await database.ReadAsync(sql => FindMadeAsync(sql, key), cancellationToken) is { } made)
        {
            return new KeyedStep(Submitted(new StoredStep(made, IsNew: true)), IsFirst: false, Submission.IsSame(made, step));
        }

        var prepared = Prepare(step, Instant.Truncate(clock.GetUtcNow()), key);
        var (stored, isFirst) = await room.FillAsync(1, () => database.WriteAsync(sql => InsertOnceAsync(sql, prepared, key), cancellationToken));
        await OfferAsync(isFirst ? [stored] : []);
        return new KeyedStep(Submitted(stored), isFirst, isFirst || Submission.IsSame(stored.Row, step));
    }

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

    public Task<int> CancelWaitingAsync(IReadOnlyList<string> stepIds, string actor, string reason, CancellationToken cancellationToken)
    {
        var word = new Cancelling(actor, reason, Instant.Truncate(clock.GetUtcNow()));
        return database.WriteAsync(
            async sql =>
            {
                var cancelled = 0;
                foreach (var stepId in stepIds)
                {
                    if (await StepStore.FindAsync(sql, stepId) is { Status: Status.Pending } waiting && await changes.CancelAsync(sql, waiting, word) is not null)
                    {
                        cancelled++;
                    }
                }

                return cancelled;
            },
            cancellationToken);
    }

    public async Task<bool> RetryAsync(string stepId, string reason, CancellationToken cancellationToken) =>
        await RetryAsync(stepId, step => step.Status is Status.Completed or Status.Failed or Status.Cancelled, reason, cancellationToken) is not null;

    /// <summary>Puts a step that has ended back in line under its own id, with all its retries; its idempotency key stays the same.</summary>
    /// <param name="may">Whether a step as it stands may be retried.</param>
    /// <returns>The step, or null when it may not (any more): of two who retry it at once, one does.</returns>
    /// <exception cref="QueueFullException">There is no room; nothing was changed.</exception>
    public async Task<StepRow?> RetryAsync(string stepId, Predicate<StepRow> may, string reason, CancellationToken cancellationToken)
    {
        var retried = await room.FillAsync(1, () => database.WriteAsync(sql => RetryAsync(sql, stepId, may, reason), cancellationToken));
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

    /// <summary>Those that wait for a later instant are reached from SQL once due.</summary>
    private Task OfferAsync(IReadOnlyList<StoredStep> steps) =>
        steps.Where(step => step is { IsNew: true, Row.NotBefore: null }).Select(step => Item(step.Row)).ToList() is { Count: > 0 } items
            ? queue.OfferAsync(items)
            : Task.CompletedTask;

    private async Task<List<StoredStep>> InsertAsync(SqlSession sql, List<PreparedStep> steps)
    {
        var stored = new List<StoredStep>(steps.Count);
        var turns = new Turns(sql);
        foreach (var step in steps)
        {
            stored.Add(await InsertAsync(sql, step, turns));
        }

        await turns.KeepAsync();
        return stored;
    }

    /// <summary>Stores a step, unless another is active under its unique key.</summary>
    private async Task<StoredStep> InsertAsync(SqlSession sql, PreparedStep step, Turns turns)
    {
        if (step.Row.UniqueKey is { } key && await StepStore.FindActiveAsync(sql, step.Row.Type, key) is { } active)
        {
            return new StoredStep(active, IsNew: false);
        }

        // One that waits for an instant joins its line when that has come.
        var rank = step.Row.NotBefore is null ? await turns.NextAsync(step.Place, step.Row.CreatedAt) : 0;
        var row = step.Row with { Rank = rank };
        if (await StepStore.InsertAsync(sql, row) == 0)
        {
            return await InsertAsync(sql, Prepare(step.Asked, row.CreatedAt, step.Key), turns);
        }

        sql.Append(step.Created);
        sql.AfterCommit(() => counters.Move(row, from: null));
        return new StoredStep(row, IsNew: true);
    }

    /// <summary>The key is taken first: of two who bring it at once, the second waits here and finds the step of the first.</summary>
    private async Task<(StoredStep Stored, bool IsFirst)> InsertOnceAsync(SqlSession sql, PreparedStep step, string key)
    {
        if (await SubmissionStore.TakeAsync(sql, key, step.Row.CreatedAt) == 0)
        {
            var made = await FindMadeAsync(sql, key) ?? throw new InvalidOperationException($"The submission key '{key}' names no step.");
            return (new StoredStep(made, IsNew: true), false);
        }

        var stored = (await InsertAsync(sql, [step]))[0];
        _ = stored.IsNew ? await SubmissionStore.NameAsync(sql, key, stored.Row.StepId) : await SubmissionStore.DeleteAsync(sql, key);
        return (stored, true);
    }

    /// <summary>The step that a key has made, or null.</summary>
    private static async Task<StepRow?> FindMadeAsync(SqlSession sql, string key) =>
        await SubmissionStore.FindAsync(sql, key) is { } stepId ? await StepStore.FindAsync(sql, stepId) : null;

    private async Task<StepRow?> RetryAsync(SqlSession sql, string stepId, Predicate<StepRow> may, string reason)
    {
        if (await StepStore.FindAsync(sql, stepId) is not { } ended || !may(ended) || await IsActiveElsewhereAsync(sql, ended))
        {
            return null;
        }

        var turns = new Turns(sql);
        var again = InLineAgain(ended, reason) with { Rank = await turns.NextAsync(Place.Of(ended), ended.CreatedAt) };
        await turns.KeepAsync();
        if (await changes.MakeAsync(sql, ended, again) is not { } row)
        {
            return null;
        }

        sql.Append(StepEvents.Replayed(row, ended.Status));
        return row;
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

    private PreparedStep Prepare(NewStep step, DateTimeOffset now, string? key = null)
    {
        var row = Row(step, now);
        var created = StepEvents.Created(row, step) with { EventId = ids.NewEventId() };
        created.Payload.Add(Submission.Member, key).Seal();
        return new PreparedStep(step, row, Place.Of(step.Type, step.Priority, step.Metadata ?? default), created, key);
    }

    private StepRow Row(NewStep step, DateTimeOffset now)
    {
        var stepId = ids.NewStepId();
        return new StepRow
        {
            StepId = stepId,
            BuildId = BuildId.Of(stepId, step),
            Type = step.Type,
            Status = Status.Pending,
            Priority = step.Priority,
            Rank = 0,
            Args = StepJson.Object(step.Args).GetRawText(),
            Metadata = StepJson.Object(step.Metadata).GetRawText(),
            Recipes = StepJson.Recipes(step.Recipes),
            MaxRetries = step.MaxRetries,
            RetryCount = 0,
            Attempts = 0,
            Fence = 0,
            NotBefore = step.NotBefore is { } instant && instant > now ? Instant.Truncate(instant) : null,
            UniqueKey = step.UniqueKey,
            CreatedAt = now,
            UpdatedAt = now,
        };
    }

    private static SubmittedStep Submitted(StoredStep stored) => new(stored.Row.StepId, stored.Row.BuildId, stored.IsNew);

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

/// <summary>A step with everything that is written of it but its rank.</summary>
internal sealed record PreparedStep(NewStep Asked, StepRow Row, Place Place, EventDraft Created, string? Key);

/// <summary>What a submission led to.</summary>
/// <param name="IsNew">False for a step that was there before.</param>
internal sealed record StoredStep(StepRow Row, bool IsNew);
