using Refinery.Contract;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>The table <c>steps</c>. Each change of status is one conditional update: it changes the step as it was read, or nothing.</summary>
internal static class StepStore
{
    /// <summary>0 for a waiting step that may be called at once, 1 for one that waits for an instant; the index of waiting steps keeps the two apart.</summary>
    private const string IsDelayed = "CASE WHEN not_before IS NULL THEN 0 ELSE 1 END";

    /// <summary>As many as one claim can take.</summary>
    private const int RipenedAtOnce = 1000;

    /// <summary>The next steps of a type that may be called at once.</summary>
    internal const string Ready =
        $"SELECT step_id, priority, rank FROM steps WHERE status = 'pending' AND type = @Type AND {IsDelayed} = 0 ORDER BY priority DESC, rank, step_id LIMIT @Limit";

    /// <summary>A page of the due steps of a type; those that were delayed are few, because each claim lets them in line with the others.</summary>
    private const string Due =
        $"""
        SELECT step_id FROM (
            SELECT * FROM (
                SELECT step_id, priority, rank FROM steps WHERE status = 'pending' AND type = @Type AND {IsDelayed} = 0 ORDER BY priority DESC, rank, step_id LIMIT @Most) AS ready
            UNION ALL
            SELECT step_id, priority, rank FROM steps WHERE status = 'pending' AND type = @Type AND not_before <= @Now) AS due
        ORDER BY priority DESC, rank, step_id LIMIT @Limit OFFSET @Offset
        """;

    /// <summary>Those whose instant has come, longest waiting first.</summary>
    internal const string Ripe =
        $$$"""
        SELECT step_id, priority, metadata, created_at FROM steps
        WHERE status = 'pending' AND type = @Type AND not_before <= @Now AND NOT {{{PausedTypeStore.IsPaused}}} ORDER BY not_before LIMIT @Limit {{skip_locked}}
        """;

    /// <summary>Whether no step waits and @Type is not paused, in a condition of another's text.</summary>
    public const string IsIdle = $"NOT EXISTS (SELECT 1 FROM steps WHERE status = 'pending') AND NOT {PausedTypeStore.IsPaused}";

    private const string JoinLine = "UPDATE steps SET not_before = NULL, rank = @Rank WHERE step_id = @StepId AND status = 'pending'";

    /// <summary>The lowest rank of a line.</summary>
    internal const string Head =
        $"SELECT rank FROM steps WHERE status = 'pending' AND type = @Type AND {IsDelayed} = 0 AND priority = @Priority ORDER BY rank LIMIT 1";

    private const string NewColumns = "step_id, build_id, type, priority, rank, args, metadata, recipes, max_retries, not_before, unique_key, traceparent, tracestate, created_at";
    private const string NewValues = "@StepId, @BuildId, @Type, @Priority, @Rank, @Args, @Metadata, @Recipes, @MaxRetries, @NotBefore, @UniqueKey, @Traceparent, @Tracestate, @CreatedAt";
    private const string Insert = $"INSERT INTO steps ({NewColumns}, status, updated_at) VALUES ({NewValues}, 'pending', @CreatedAt)";

    /// <summary>For a step that a pod has waited for.</summary>
    private const string InsertHeld =
        $"""
        INSERT INTO steps ({NewColumns}, status, updated_at, claimed_by, fence, attempts, lease_until)
        VALUES ({NewValues}, @Status, @UpdatedAt, @ClaimedBy, @Fence, @Attempts, @LeaseUntil)
        """;

    /// <summary>Stores new steps, waiting or held.</summary>
    /// <exception cref="System.Data.DBConcurrencyException">An id is taken, or a step with a unique key is active. Thrown by the next statement, or the commit.</exception>
    public static async Task InsertAsync(SqlSession sql, IEnumerable<StepRow> rows)
    {
        var waits = rows.ToLookup(row => row.Status == Status.Pending);
        await sql.ChangeEachAsync(Insert, [.. waits[true]]);
        await sql.ChangeEachAsync(InsertHeld, [.. waits[false]]);
    }

    /// <summary>Stores a step unless it is there.</summary>
    public static Task<int> InsertUnlessThereAsync(SqlSession sql, StepRow row) => sql.ExecuteAsync($"{Insert} ON CONFLICT DO NOTHING", row);

    /// <summary>The step of a type that waits, is held or runs under a unique key; null when there is none.</summary>
    public static Task<StepRow?> FindActiveAsync(SqlSession sql, string type, string uniqueKey) => sql.FirstOrDefaultAsync(
        StepRow.Read,
        $"SELECT {StepRow.Columns} FROM steps WHERE type = @Type AND unique_key = @UniqueKey AND status IN ('pending', 'claimed', 'running')",
        new { Type = type, UniqueKey = uniqueKey });

    /// <summary>Where a line stands; of an empty one where the other lines of its priority stand, which takes a look at each type that waits.</summary>
    public static async Task<LineHead> HeadAsync(SqlSession sql, string type, long priority) => (await sql.QueryAsync(
        row => new LineHead(row.WholeOrNull(0), row.WholeOrNull(1)),
        $"""
        SELECT line.rank, CASE WHEN line.rank IS NULL THEN (
            WITH RECURSIVE types (type) AS (
                SELECT MIN(type) FROM steps WHERE status = 'pending'
                UNION ALL
                SELECT (SELECT MIN(type) FROM steps WHERE status = 'pending' AND type > types.type) FROM types WHERE types.type IS NOT NULL)
            SELECT MIN((
                SELECT rank FROM steps WHERE status = 'pending' AND type = types.type AND {IsDelayed} = 0 AND priority = @Priority ORDER BY rank LIMIT 1))
            FROM types) END
        FROM (SELECT ({Head}) AS rank) AS line
        """,
        new { Type = type, Priority = priority }))[0];

    public static Task<StepRow?> FindAsync(SqlSession sql, string stepId) =>
        sql.FirstOrDefaultAsync(StepRow.Read, $"SELECT {StepRow.Columns} FROM steps WHERE step_id = @StepId", new { StepId = stepId });

    /// <summary>Those of some steps that are there, in any order.</summary>
    public static Task<IReadOnlyList<StepRow>> ListAsync(SqlSession sql, IEnumerable<string> stepIds) => sql.QueryAllAsync(
        StepRow.Read, $"SELECT {StepRow.Columns} FROM steps WHERE step_id = @StepId", [.. stepIds.Select(stepId => new { StepId = stepId })]);

    /// <summary>Waiting steps of a type, next to run first: the due ones as they are called, then the others by the instant they wait for.</summary>
    public static async Task<IReadOnlyList<StepRow>> ListWaitingAsync(SqlSession sql, string type, DateTimeOffset now, (int Limit, int Offset) page)
    {
        var due = await ListDueAsync(sql, type, now, page);
        if (due.Count == page.Limit)
        {
            return due;
        }

        var before = due.Count > 0 || page.Offset == 0 ? page.Offset + due.Count : await CountDueAsync(sql, type, now);
        return [.. due, .. await ListDelayedAsync(sql, type, now, (page.Limit - due.Count, Math.Max(0, page.Offset - (int)before)))];
    }

    private static Task<IReadOnlyList<StepRow>> ListDueAsync(SqlSession sql, string type, DateTimeOffset now, (int Limit, int Offset) page) => sql.QueryAsync(
        StepRow.Read,
        $"SELECT {StepRow.Columns} FROM steps WHERE step_id IN ({Due}) ORDER BY priority DESC, rank, step_id",
        new { Type = type, Now = now, page.Limit, page.Offset, Most = (long)page.Limit + page.Offset });

    private static Task<long> CountDueAsync(SqlSession sql, string type, DateTimeOffset now) => sql.FirstOrDefaultAsync<long>(
        $"""
        SELECT (SELECT COUNT(*) FROM steps WHERE status = 'pending' AND type = @Type AND {IsDelayed} = 0)
            + (SELECT COUNT(*) FROM steps WHERE status = 'pending' AND type = @Type AND not_before <= @Now)
        """,
        new { Type = type, Now = now });

    private static Task<IReadOnlyList<StepRow>> ListDelayedAsync(SqlSession sql, string type, DateTimeOffset now, (int Limit, int Offset) page) => sql.QueryAsync(
        StepRow.Read,
        $"""
        SELECT {StepRow.Columns} FROM steps WHERE status = 'pending' AND type = @Type AND not_before > @Now
        ORDER BY not_before, step_id LIMIT @Limit OFFSET @Offset
        """,
        new { Type = type, Now = now, page.Limit, page.Offset });

    /// <summary>The next due steps of a type; locks nothing.</summary>
    public static Task<IReadOnlyList<Candidate>> ListDueAsync(SqlSession sql, string type, DateTimeOffset now, int limit) => sql.QueryAsync(
        Candidate.ReadOf(type),
        $"SELECT step_id, priority, rank FROM steps WHERE step_id IN ({Due}) ORDER BY priority DESC, rank, step_id",
        new { Type = type, Now = now, Limit = limit, Offset = 0, Most = limit });

    /// <summary>The next steps of a type that may be called at once; locks nothing.</summary>
    public static Task<IReadOnlyList<Candidate>> ListReadyAsync(SqlSession sql, string type, int limit) =>
        sql.QueryAsync(Candidate.ReadOf(type), Ready, new { Type = type, Limit = limit });

    /// <summary>Those of a type whose instant has come, to be let in line, locked until then; none of a type that is paused.</summary>
    /// <remarks>So each delayed step is looked at once when it is due, and never before: those in backoff cost a claim nothing.</remarks>
    public static Task<IReadOnlyList<RipeStep>> ListRipeAsync(SqlSession sql, string type, DateTimeOffset now) =>
        sql.QueryAsync(RipeStep.Read, Ripe, new { Type = type, Now = now, Limit = RipenedAtOnce });

    /// <summary>Lets a ripe step join its line.</summary>
    public static Task JoinLineAsync(SqlSession sql, string stepId, long rank) => sql.ExecuteAsync(JoinLine, new { StepId = stepId, Rank = rank });

    /// <summary>Gives waiting steps that are due to pods.</summary>
    /// <param name="claims">Each step once.</param>
    /// <returns>The steps that were given, as they are now, in any order.</returns>
    public static Task<IReadOnlyList<StepRow>> ClaimAsync(SqlSession sql, IReadOnlyCollection<Claiming> claims) => sql.QueryAllAsync(
        StepRow.Read,
        $"""
        UPDATE steps SET status = @Status, claimed_by = @PodId, fence = fence + 1, attempts = attempts + 1, lease_until = @LeaseUntil, not_before = NULL, updated_at = @Now
        WHERE step_id = @StepId AND status = 'pending' AND (not_before IS NULL OR not_before <= @Now)
        RETURNING {StepRow.Columns}
        """,
        claims);

    /// <summary>Writes steps as they are to be.</summary>
    /// <param name="changes">Each step once.</param>
    /// <exception cref="System.Data.DBConcurrencyException">One is no longer what it was read as. Thrown by the next statement, or the commit.</exception>
    /// <remarks>A claim raises the fence, so status and fence together tell whether anybody has touched the step since.</remarks>
    public static Task ChangeAsync(SqlSession sql, IEnumerable<StepChange> changes) => sql.ChangeEachAsync(
        """
        UPDATE steps SET status = @Status, rank = @Rank, claimed_by = @ClaimedBy, fence = @Fence, attempts = @Attempts, retry_count = @RetryCount,
            lease_until = @LeaseUntil, not_before = @NotBefore, recipes = @Recipes, detail = @Detail, updated_at = @UpdatedAt
        WHERE step_id = @StepId AND status = @WasStatus AND fence = @WasFence
        """,
        [.. changes.Select(change => new
        {
            change.Before.StepId, WasStatus = change.Before.Status, WasFence = change.Before.Fence,
            change.After.Status, change.After.Rank, change.After.ClaimedBy, change.After.Fence, change.After.Attempts, change.After.RetryCount,
            change.After.LeaseUntil, change.After.NotBefore, change.After.Recipes, change.After.Detail, change.After.UpdatedAt,
        })]);

    /// <summary>Prolongs leases.</summary>
    /// <param name="renewals">Each claim once.</param>
    /// <returns>Whose lease was prolonged; the others' claims are no longer theirs.</returns>
    public static Task<IReadOnlyList<Holder>> RenewAsync(SqlSession sql, IReadOnlyCollection<Renewal> renewals) => sql.QueryAllAsync(
        row => new Holder(row.Text(0), row.Text(1), row.Whole(2)),
        """
        UPDATE steps SET lease_until = @Until
        WHERE step_id = @StepId AND claimed_by = @PodId AND fence = @Fence AND status IN ('claimed', 'running')
        RETURNING step_id, claimed_by, fence
        """,
        renewals);

    /// <summary>Gives a fresh lease to every held step whose lease ends after an instant.</summary>
    public static Task<int> RefreshLeasesAsync(SqlSession sql, DateTimeOffset after, DateTimeOffset until) => sql.ExecuteAsync(
        "UPDATE steps SET lease_until = @Until WHERE status IN ('claimed', 'running') AND lease_until > @After",
        new { After = after, Until = until });

    /// <summary>Brings retries nearer that wait for an instant farther away than any backoff.</summary>
    public static Task<int> BringNearerAsync(SqlSession sql, DateTimeOffset farthest, DateTimeOffset notBefore) => sql.ExecuteAsync(
        "UPDATE steps SET not_before = @NotBefore WHERE status = 'pending' AND attempts > 0 AND not_before > @Farthest",
        new { Farthest = farthest, NotBefore = notBefore });

    /// <summary>Claimed or running steps whose lease ran out before an instant.</summary>
    public static Task<IReadOnlyList<StepRow>> ListOrphansAsync(SqlSession sql, DateTimeOffset before, int limit) => sql.QueryAsync(
        StepRow.Read,
        $"SELECT {StepRow.Columns} FROM steps WHERE status IN ('claimed', 'running') AND lease_until < @Before ORDER BY rank LIMIT @Limit",
        new { Before = before, Limit = limit });

    /// <summary>What recovery would find, without the steps' payloads.</summary>
    public static Task<IReadOnlyList<Orphan>> ListOrphansAsync(SqlSession sql, DateTimeOffset before) => sql.QueryAsync<Orphan>(
        "SELECT step_id, retry_count, max_retries FROM steps WHERE status IN ('claimed', 'running') AND lease_until < @Before ORDER BY rank",
        new { Before = before });

    /// <summary>Claimed or running steps of a pod.</summary>
    public static Task<IReadOnlyList<StepRow>> ListHeldAsync(SqlSession sql, string podId) => sql.QueryAsync(
        StepRow.Read,
        $"SELECT {StepRow.Columns} FROM steps WHERE status IN ('claimed', 'running') AND claimed_by = @PodId ORDER BY rank",
        new { PodId = podId });

    /// <summary>Steps that were cancelled after an instant while a pod held them.</summary>
    public static Task<IReadOnlyList<string>> ListCancelledAsync(SqlSession sql, string podId, DateTimeOffset after) => sql.QueryAsync<string>(
        "SELECT step_id FROM steps WHERE status = 'cancelled' AND claimed_by = @PodId AND updated_at > @After ORDER BY updated_at LIMIT 1000",
        new { PodId = podId, After = after });

    /// <summary>Claimed or running steps without a lease: they came back from the journal with nobody who could renew them.</summary>
    public static Task<IReadOnlyList<StepRow>> ListRestoredAsync(SqlSession sql) => sql.QueryAsync(
        StepRow.Read,
        $"SELECT {StepRow.Columns} FROM steps WHERE status IN ('claimed', 'running') AND lease_until IS NULL ORDER BY rank");

    /// <summary>Writes what an event of the journal says about a step; what it does not say stays.</summary>
    public static Task<int> RestoreAsync(SqlSession sql, ToldStep step) => sql.ExecuteAsync(
        """
        UPDATE steps SET status = @Status, rank = COALESCE(@Rank, rank), claimed_by = @ClaimedBy, lease_until = NULL, not_before = @NotBefore,
            attempts = COALESCE(@Attempts, attempts), fence = COALESCE(@Fence, fence), retry_count = COALESCE(@RetryCount, retry_count),
            recipes = COALESCE(@Recipes, recipes), detail = COALESCE(@Detail, detail), updated_at = @UpdatedAt
        WHERE step_id = @StepId
        """,
        step);

    /// <summary>Cancels up to <paramref name="limit"/> waiting steps of a type.</summary>
    public static Task<IReadOnlyList<StepRow>> CancelWaitingAsync(SqlSession sql, string type, Cancelling word, int limit) => sql.QueryAsync(
        StepRow.Read,
        $$$"""
        UPDATE steps SET status = 'cancelled', detail = @Reason, not_before = NULL, updated_at = @Now
        WHERE status = 'pending' AND step_id IN (
            SELECT step_id FROM steps WHERE status = 'pending' AND type = @Type ORDER BY {{{IsDelayed}}}, priority DESC, rank LIMIT @Limit {{skip_locked}})
        RETURNING {{{StepRow.Columns}}}
        """,
        new { Type = type, word.Reason, word.Now, Limit = limit });

    /// <summary>When the first lease of all ends; null when no step is held.</summary>
    public static Task<string?> SoonestLeaseAsync(SqlSession sql) => sql.FirstOrDefaultAsync<string>(
        "SELECT MIN(lease_until) FROM steps WHERE status IN ('claimed', 'running')");

    /// <summary>How many steps of each type and priority wait, the delayed ones apart: in the index's order, so that nothing is sorted.</summary>
    internal const string Waiting =
        $"SELECT type, priority, COUNT(*) AS count FROM steps WHERE status = 'pending' GROUP BY type, {IsDelayed}, priority";

    /// <summary>How many steps of each type and priority may be called at once.</summary>
    public static Task<IReadOnlyList<WaitingCount>> ListLinesAsync(SqlSession sql) => sql.QueryAsync<WaitingCount>(
        $"SELECT type, priority, COUNT(*) AS count FROM steps WHERE status = 'pending' AND {IsDelayed} = 0 GROUP BY type, priority");

    /// <summary>A page of one line, in calling order; locks nothing.</summary>
    /// <param name="after">The last one seen of the line's type and priority.</param>
    public static Task<IReadOnlyList<QueueItem>> ListLineAsync(SqlSession sql, QueueItem after, int limit) => sql.QueryAsync(
        row => after with { StepId = row.Text(0), Rank = row.Whole(1), EnqueuedAt = row.Instant(2) },
        $"""
        SELECT step_id, rank, created_at FROM steps
        WHERE status = 'pending' AND type = @Type AND {IsDelayed} = 0 AND priority = @Priority AND rank >= @Rank AND (rank > @Rank OR step_id > @StepId)
        ORDER BY rank, step_id LIMIT @Limit
        """,
        new { after.Type, after.Priority, after.Rank, after.StepId, Limit = limit });

    /// <summary>How many steps of each type are claimed or run.</summary>
    internal const string Held = "SELECT type, status, COUNT(*) AS count FROM steps WHERE status IN ('claimed', 'running') GROUP BY type, status";

    /// <summary>Each type and priority once or twice; walks an index alone.</summary>
    public static Task<IReadOnlyList<WaitingCount>> CountWaitingAsync(SqlSession sql) => sql.QueryAsync<WaitingCount>(Waiting);

    public static Task<IReadOnlyList<CountRow>> CountHeldAsync(SqlSession sql) => sql.QueryAsync<CountRow>(Held);

    /// <summary>How many steps each pod holds, and until when at least.</summary>
    public static Task<IReadOnlyList<HolderCount>> ListHoldersAsync(SqlSession sql) => sql.QueryAsync<HolderCount>(
        "SELECT claimed_by, COUNT(*) AS count, MIN(lease_until) AS until FROM steps WHERE status IN ('claimed', 'running') AND claimed_by IS NOT NULL GROUP BY claimed_by");

    /// <summary>When the oldest waiting step of a type was submitted; null when none waits.</summary>
    public static Task<string?> OldestWaitingAsync(SqlSession sql, string type) =>
        sql.FirstOrDefaultAsync<string>("SELECT MIN(created_at) FROM steps WHERE status = 'pending' AND type = @Type", new { Type = type });
}

/// <summary>How many steps of a type have a status.</summary>
internal sealed record CountRow
{
    public required string Type { get; init; }
    public required string Status { get; init; }
    public required long Count { get; init; }
}

