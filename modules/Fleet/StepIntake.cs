using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Takes new steps in: stores them, hands them to pods that wait, and offers the rest to the queue.</summary>
internal sealed class StepIntake(
    Database database, DispatchQueue queue, StepClaims claims, WaitingClaims waiting, StepCounters counters, Ids ids, QueueRoom room, TimeProvider clock)
{
    /// <summary>Stores the steps in one unit.</summary>
    /// <exception cref="QueueFullException">There is no room; nothing was stored.</exception>
    public Task<IReadOnlyList<StoredStep>> TakeAsync(IReadOnlyList<NewStep> steps, CancellationToken cancellationToken)
    {
        // Ids and texts are made here, by as many callers as there are: the database's one writer only writes them down.
        var now = Instant.Truncate(clock.GetUtcNow());
        var prepared = steps.Select(step => Prepare(step, now)).ToList();
        return StoreAsync(prepared, sql => InsertAsync(sql, prepared), cancellationToken);
    }

    /// <summary>Stores the step unless its key has made one before, whichever process took that in.</summary>
    /// <exception cref="QueueFullException">There is no room; nothing was stored.</exception>
    public async Task<KeyedStep> TakeOnceAsync(NewStep step, string key, CancellationToken cancellationToken)
    {
        // What the key has made already needs no room.
        if (await database.ReadAsync(sql => FindMadeAsync(sql, key), cancellationToken) is { } made)
        {
            return new KeyedStep(new StoredStep(made, IsNew: true), IsFirst: false, Submission.IsSame(made, step));
        }

        var prepared = Prepare(step, Instant.Truncate(clock.GetUtcNow()), key);
        var isFirst = true;
        var stored = await StoreAsync(
            [prepared],
            async sql => await SubmissionStore.TakeAsync(sql, key, prepared.Row.CreatedAt) > 0 ? await InsertUnderAsync(sql, prepared, key) : [],
            cancellationToken);
        if (stored is not [var own])
        {
            isFirst = false;
            var other = await database.ReadAsync(sql => FindMadeAsync(sql, key), cancellationToken)
                ?? throw new InvalidOperationException($"The submission key '{key}' names no step.");
            own = new StoredStep(other, IsNew: true);
        }

        return new KeyedStep(own, isFirst, isFirst || Submission.IsSame(own.Row, step));
    }

    /// <summary>Stores steps, and makes in the same unit a claim for each that somebody waits for.</summary>
    private async Task<IReadOnlyList<StoredStep>> StoreAsync(
        IReadOnlyList<PreparedStep> steps, Func<SqlSession, Task<IReadOnlyList<StoredStep>>> insert, CancellationToken cancellationToken)
    {
        var taken = waiting.Take(steps.Where(step => step.Row.NotBefore is null).Select(step => step.Row.Type));
        try
        {
            var stored = await room.FillAsync(
                steps.Count,
                () => database.WriteAsync(
                    async sql =>
                    {
                        var rows = await insert(sql);
                        foreach (var claim in taken)
                        {
                            var claimed = await claims.ClaimDueAsync(sql, claim.Request);
                            sql.AfterCommit(() => claim.Answer(claimed));
                        }

                        return rows;
                    },
                    cancellationToken),
                came: rows => rows.Count(row => row.IsNew));
            await OfferAsync(stored, taken);
            return stored;
        }
        finally
        {
            foreach (var claim in taken)
            {
                claim.Answer([]);
            }
        }
    }

    /// <summary>Offers what nobody has claimed; those that wait for a later instant are reached from SQL once due.</summary>
    private async Task OfferAsync(IReadOnlyList<StoredStep> stored, IReadOnlyList<WaitingClaim> taken)
    {
        var claimed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var claim in taken)
        {
            claimed.UnionWith((await claim.Made).Select(row => row.StepId));
        }

        var items = stored.Where(step => step is { IsNew: true, Row.NotBefore: null } && !claimed.Contains(step.Row.StepId)).Select(step => Steps.Item(step.Row)).ToList();
        if (items.Count > 0)
        {
            await queue.OfferAsync(items);
        }
    }

    private async Task<IReadOnlyList<StoredStep>> InsertAsync(SqlSession sql, IReadOnlyList<PreparedStep> steps)
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
        counters.MoveAfter(sql, row, from: null);
        sql.Tell(DispatchQueue.Came);
        return new StoredStep(row, IsNew: true);
    }

    /// <summary>Stores a step under a key just taken: of two who bring it at once, the second waits for that and finds the step of the first.</summary>
    private async Task<IReadOnlyList<StoredStep>> InsertUnderAsync(SqlSession sql, PreparedStep step, string key)
    {
        var stored = await InsertAsync(sql, [step]);
        _ = stored[0].IsNew ? await SubmissionStore.NameAsync(sql, key, stored[0].Row.StepId) : await SubmissionStore.DeleteAsync(sql, key);
        return stored;
    }

    /// <summary>The step that a key has made, or null.</summary>
    private static async Task<StepRow?> FindMadeAsync(SqlSession sql, string key) =>
        await SubmissionStore.FindAsync(sql, key) is { } stepId ? await StepStore.FindAsync(sql, stepId) : null;

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
        var trace = TraceContext.Current;
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
            Traceparent = trace?.Traceparent,
            Tracestate = trace?.Tracestate,
            CreatedAt = now,
            UpdatedAt = now,
        };
    }

    /// <summary>A step with everything that is written of it but its rank.</summary>
    private sealed record PreparedStep(NewStep Asked, StepRow Row, Place Place, EventDraft Created, string? Key);
}

/// <summary>What a submission led to.</summary>
/// <param name="Row">As it was stored: whoever claimed it since is not in it.</param>
/// <param name="IsNew">False for a step that was there before.</param>
internal sealed record StoredStep(StepRow Row, bool IsNew);
