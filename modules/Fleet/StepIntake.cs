using System.Collections.Frozen;
using System.Data;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Takes new steps in: stores them, hands them to pods that wait, and offers the rest to the queue.</summary>
internal sealed class StepIntake(
    Database database, DispatchQueue queue, StepClaims claims, WaitingClaims waiting, StepCounters counters, Ids ids, QueueRoom room, TimeProvider clock)
{
    private SharedWork<Arrival, TakenIn> Arrivals => field ??= new(TakeInAsync);

    /// <summary>Stores the steps in one unit.</summary>
    /// <exception cref="QueueFullException">There is no room; nothing was stored.</exception>
    public Task<IReadOnlyList<StoredStep>> TakeAsync(IReadOnlyList<NewStep> steps, CancellationToken cancellationToken)
    {
        // Ids and texts are made here, by as many callers as there are: the database's one writer only writes them down.
        var now = Instant.Truncate(clock.GetUtcNow());
        return StoreAsync([.. steps.Select(step => Prepare(step, now))], cancellationToken);
    }

    /// <summary>Stores the step unless its key has made one before, whichever process took that in.</summary>
    /// <exception cref="QueueFullException">There is no room; nothing was stored.</exception>
    public async Task<KeyedStep> TakeOnceAsync(NewStep step, string key, CancellationToken cancellationToken)
    {
        var prepared = Prepare(step, Instant.Truncate(clock.GetUtcNow()), key);
        while (true)
        {
            // What the key has made already needs no room.
            if (await database.ReadAsync(sql => FindMadeAsync(sql, key), cancellationToken) is { } made)
            {
                return new KeyedStep(new StoredStep(made, IsNew: true), IsFirst: false, Submission.IsSame(made, step));
            }

            // Nothing, when another brings the key at this moment: it has made a step by now, or was told of one that is active and has freed the key.
            if (await StoreAsync([prepared], cancellationToken) is [var own])
            {
                return new KeyedStep(own, IsFirst: true, IsSame: true);
            }
        }
    }

    /// <summary>Stores steps, and makes in the same unit a claim for each that somebody waits for.</summary>
    private async Task<IReadOnlyList<StoredStep>> StoreAsync(IReadOnlyList<PreparedStep> steps, CancellationToken cancellationToken)
    {
        var taken = waiting.Take(steps.Where(step => step.Row.NotBefore is null).Select(step => step.Row.Type));
        try
        {
            var came = await room.FillAsync(
                steps.Count,
                () => WriteAsync(steps, taken, cancellationToken),
                came: one => one.Stored.Count(step => step.IsNew));
            await OfferAsync(came);
            return came.Stored;
        }
        finally
        {
            foreach (var claim in taken)
            {
                claim.Answer([]);
            }
        }
    }

    private async Task<TakenIn> WriteAsync(IReadOnlyList<PreparedStep> steps, IReadOnlyList<WaitingClaim> taken, CancellationToken cancellationToken)
    {
        try
        {
            return await database.WriteAsync(Arrivals, new Arrival(steps, taken), cancellationToken);
        }
        catch (DBConcurrencyException)
        {
            // Two hosts may make one id in the same microsecond; of a second pair of them that cannot be believed.
            var anew = steps.Select(step => Prepare(step.Asked, step.Row.CreatedAt, step.Key));
            return await database.WriteAsync(Arrivals, new Arrival([.. anew], taken), cancellationToken);
        }
    }

    /// <summary>Makes the claims that wait for what came together, and stores it, each under its key.</summary>
    private async Task<IReadOnlyList<TakenIn>> TakeInAsync(SqlSession sql, IReadOnlyList<Arrival> all)
    {
        var steps = all.SelectMany(arrival => arrival.Steps).ToList();
        var taken = all.SelectMany(arrival => arrival.Claims).ToList();
        var isIdle = taken.Count > 0 && BelieveIdle(sql, steps);
        var round = taken.Count > 0 ? claims.Begin(sql, [.. taken.Select(claim => claim.Request)], isIdle) : null;
        var refused = await TakeKeysAsync(sql, steps);
        var turns = new Turns(sql, isIdle);
        var stored = await LineUpAsync(sql, [.. steps.Where(step => !refused.Contains(step))], turns);
        var inHands = round is null ? FrozenDictionary<string, StepRow>.Empty : await HandOverAsync(round, stored.Values, turns);

        var fresh = stored.Where(one => one.Value.IsNew).ToList();
        await StepStore.InsertAsync(sql, fresh.Select(one => inHands.GetValueOrDefault(one.Value.Row.StepId, one.Value.Row)));
        fresh.ForEach(one => sql.Append(one.Key.Created));
        counters.MoveAfter(sql, fresh.Select(one => one.Value.Row), from: null);
        if (fresh.Exists(one => !inHands.ContainsKey(one.Value.Row.StepId)))
        {
            sql.Tell(DispatchQueue.Came);
        }

        await turns.KeepAsync();
        await NameKeysAsync(sql, stored);
        if (round is not null)
        {
            var claimed = claims.End(sql, round);
            sql.AfterCommit(() => taken.ForEach(claim => claim.Answer(claimed[taken.IndexOf(claim)])));
        }

        return [.. all.Select(arrival => new TakenIn([.. arrival.Steps.Where(stored.ContainsKey).Select(step => stored[step])], inHands))];
    }

    /// <summary>Of an idle fleet nothing is asked: the server looks whether it is one as it stores what came.</summary>
    /// <returns>False where it is not believed to be.</returns>
    private bool BelieveIdle(SqlSession sql, IReadOnlyList<PreparedStep> steps)
    {
        if (!sql.MayBelieve || counters.Waiting > 0 || steps.Select(step => (step.Place.Type, step.Place.Priority)).Distinct().ToList() is not [var line])
        {
            return false;
        }

        sql.Believe(StepStore.IsIdle, new { line.Type });
        return true;
    }

    /// <summary>Gives to the pods that wait what is next in line: mostly new steps, which are then stored as theirs at once.</summary>
    /// <returns>The steps that were given, as they are then.</returns>
    private static async Task<IReadOnlyDictionary<string, StepRow>> HandOverAsync(ClaimRound round, IEnumerable<StoredStep> steps, Turns turns)
    {
        await round.GoOnAsync(steps.Where(step => step is { IsNew: true, Row.NotBefore: null }).Select(step => step.Row), turns);
        return round.Claimed.SelectMany(rows => rows).ToDictionary(row => row.StepId, StringComparer.Ordinal);
    }

    /// <summary>Takes the keys of the steps that have one: of two who bring it at once, the second waits for that and finds the step of the first.</summary>
    /// <returns>The steps whose key is taken.</returns>
    private static async Task<HashSet<PreparedStep>> TakeKeysAsync(SqlSession sql, IReadOnlyList<PreparedStep> steps)
    {
        var refused = new HashSet<PreparedStep>(ReferenceEqualityComparer.Instance);
        foreach (var step in steps)
        {
            if (step.Key is { } key && await SubmissionStore.TakeAsync(sql, key, step.Row.CreatedAt) == 0)
            {
                refused.Add(step);
            }
        }

        return refused;
    }

    /// <summary>Names the steps that keys have made, and frees those that have made nothing.</summary>
    private static async Task NameKeysAsync(SqlSession sql, IReadOnlyDictionary<PreparedStep, StoredStep> stored)
    {
        foreach (var (step, made) in stored)
        {
            if (step.Key is { } key)
            {
                _ = made.IsNew ? await SubmissionStore.NameAsync(sql, key, made.Row.StepId) : await SubmissionStore.DeleteAsync(sql, key);
            }
        }
    }

    /// <summary>Offers what nobody has claimed; those that wait for a later instant are reached from SQL once due.</summary>
    private async Task OfferAsync(TakenIn came)
    {
        var items = came.Stored.Where(step => step is { IsNew: true, Row.NotBefore: null } && !came.InHands.ContainsKey(step.Row.StepId)).Select(step => Steps.Item(step.Row)).ToList();
        if (items.Count > 0)
        {
            await queue.OfferAsync(items);
        }
    }

    /// <summary>Gives steps their places in line, unless another is active under their unique key.</summary>
    private static async Task<Dictionary<PreparedStep, StoredStep>> LineUpAsync(SqlSession sql, IReadOnlyList<PreparedStep> steps, Turns turns)
    {
        var stored = new Dictionary<PreparedStep, StoredStep>(steps.Count, ReferenceEqualityComparer.Instance);
        var firsts = new Dictionary<(string Type, string Key), PreparedStep>();
        var followers = new List<(PreparedStep Step, PreparedStep First)>();
        foreach (var step in steps)
        {
            if (step.UniqueKey is { } unique && firsts.TryGetValue(unique, out var first))
            {
                followers.Add((step, first));
            }
            else if (step.UniqueKey is { } key && await StepStore.FindActiveAsync(sql, key.Type, key.Key) is { } active)
            {
                stored.Add(step, new StoredStep(active, IsNew: false));
            }
            else
            {
                // One that waits for an instant joins its line when that has come.
                var rank = step.Row.NotBefore is null ? await turns.NextAsync(step.Place, step.Row.CreatedAt) : 0;
                stored.Add(step, new StoredStep(step.Row with { Rank = rank }, IsNew: true));
                _ = step.UniqueKey is { } own && firsts.TryAdd(own, step);
            }
        }

        followers.ForEach(one => stored.Add(one.Step, stored[one.First] with { IsNew = false }));
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

    /// <summary>What one caller brings.</summary>
    /// <param name="Claims">Those that wait for it.</param>
    private sealed record Arrival(IReadOnlyList<PreparedStep> Steps, IReadOnlyList<WaitingClaim> Claims);

    /// <summary>What became of it.</summary>
    /// <param name="InHands">The steps that claims took in the same unit, of all who came together.</param>
    private sealed record TakenIn(IReadOnlyList<StoredStep> Stored, IReadOnlyDictionary<string, StepRow> InHands);

    /// <summary>A step with everything that is written of it but its rank.</summary>
    private sealed record PreparedStep(NewStep Asked, StepRow Row, Place Place, EventDraft Created, string? Key)
    {
        /// <summary>The key that no other active step of the type may have; null when any number may be.</summary>
        public (string Type, string Key)? UniqueKey => Row.UniqueKey is { } key ? (Row.Type, key) : null;
    }
}

/// <summary>What a submission led to.</summary>
/// <param name="Row">As it was before anybody claimed it.</param>
/// <param name="IsNew">False for a step that was there before.</param>
internal sealed record StoredStep(StepRow Row, bool IsNew);
