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
    private long lastRank;

    public async Task<IReadOnlyList<SubmittedStep>> SubmitAsync(IReadOnlyList<NewStep> steps, CancellationToken cancellationToken)
    {
        // Ids and texts are made here, by as many callers as there are: the database's one writer only writes them down.
        var now = Instant.Truncate(clock.GetUtcNow());
        var prepared = steps.Select(step => Prepare(step, now)).ToList();
        var rows = await room.FillAsync(steps.Count, () => database.WriteAsync(sql => InsertAsync(sql, prepared), cancellationToken));
        await queue.OfferAsync([.. rows.Where(row => row.NotBefore is null).Select(Item)]);
        return [.. rows.Select(row => new SubmittedStep(row.StepId, row.BuildId))];
    }

    /// <summary>Stores the step unless its key has made one before, whichever process took that in.</summary>
    public async Task<KeyedStep> SubmitOnceAsync(NewStep step, string key, CancellationToken cancellationToken)
    {
        // What the key has made already needs no room.
        if (await database.ReadAsync(sql => FindMadeAsync(sql, key), cancellationToken) is { } made)
        {
            return new KeyedStep(made.StepId, IsNew: false, Submission.IsSame(made, step));
        }

        var prepared = Prepare(step, Instant.Truncate(clock.GetUtcNow()), key);
        var (row, isNew) = await room.FillAsync(1, () => database.WriteAsync(sql => InsertOnceAsync(sql, prepared, key), cancellationToken));
        if (isNew)
        {
            await queue.OfferAsync([Item(row)]);
        }

        return new KeyedStep(row.StepId, isNew, isNew || Submission.IsSame(row, step));
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

    private async Task<List<StepRow>> InsertAsync(SqlSession sql, List<PreparedStep> steps)
    {
        var rows = new List<StepRow>(steps.Count);
        foreach (var step in steps)
        {
            var next = step;
            while (await StepStore.InsertAsync(sql, next.Row) == 0)
            {
                next = Prepare(step.Asked, step.Row.CreatedAt, step.Key);
            }

            sql.Append(next.Created);
            rows.Add(next.Row);
        }

        sql.AfterCommit(() => rows.ForEach(row => counters.Move(row, from: null)));
        return rows;
    }

    /// <summary>The key is taken first: of two who bring it at once, the second waits here and finds the step of the first.</summary>
    private async Task<(StepRow Row, bool IsNew)> InsertOnceAsync(SqlSession sql, PreparedStep step, string key)
    {
        if (await SubmissionStore.TakeAsync(sql, key, step.Row.CreatedAt) == 0)
        {
            return (await FindMadeAsync(sql, key) ?? throw new InvalidOperationException($"The submission key '{key}' names no step."), false);
        }

        var row = (await InsertAsync(sql, [step]))[0];
        await SubmissionStore.NameAsync(sql, key, row.StepId);
        return (row, true);
    }

    /// <summary>The step that a key has made, or null.</summary>
    private static async Task<StepRow?> FindMadeAsync(SqlSession sql, string key) =>
        await SubmissionStore.FindAsync(sql, key) is { } stepId ? await StepStore.FindAsync(sql, stepId) : null;

    private async Task<StepRow?> RetryAsync(SqlSession sql, string stepId, Predicate<StepRow> may, string reason)
    {
        if (await StepStore.FindAsync(sql, stepId) is not { } ended || !may(ended) || await changes.MakeAsync(sql, ended, InLineAgain(ended, reason)) is not { } row)
        {
            return null;
        }

        sql.Append(StepEvents.Replayed(row, ended.Status));
        return row;
    }

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
        return new PreparedStep(step, row, created, key);
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
            Rank = NextRank(now),
            Args = StepJson.Object(step.Args).GetRawText(),
            Metadata = StepJson.Object(step.Metadata).GetRawText(),
            Recipes = StepJson.Recipes(step.Recipes),
            MaxRetries = step.MaxRetries,
            RetryCount = 0,
            Attempts = 0,
            Fence = 0,
            NotBefore = step.NotBefore,
            CreatedAt = now,
            UpdatedAt = now,
        };
    }

    /// <summary>Age in microseconds, made strictly ascending.</summary>
    private long NextRank(DateTimeOffset now)
    {
        var age = (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        while (true)
        {
            var last = Interlocked.Read(ref lastRank);
            var next = Math.Max(last + 1, age);
            if (Interlocked.CompareExchange(ref lastRank, next, last) == last)
            {
                return next;
            }
        }
    }

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
    };
}

/// <summary>A step with everything that is written of it.</summary>
internal sealed record PreparedStep(NewStep Asked, StepRow Row, EventDraft Created, string? Key);
