namespace Refinery.PostgresQueue;

/// <summary>What is said to the server.</summary>
/// <param name="name">The table's: letters, digits and underscores, so that it can stand in quotes.</param>
internal sealed class QueueTexts(string name)
{
    /// <summary>Goes before every question, and holds for its transaction alone, so that a pooler in between hands nothing of it to others. $1: milliseconds, as text.</summary>
    /// <remarks>
    /// A commit need not reach the disk: what a crash takes from the queue, the host finds in its books. What the planner knows of a
    /// table that was empty a minute ago is wrong for the million rows in it now, so it is kept from reading them all where the
    /// index gives the order, and from compiling where it must read them. And a host that has gone holds up nothing on the server for longer than it would have waited.
    /// </remarks>
    public const string Bounds = """
        SELECT set_config('synchronous_commit', 'off', true), set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),
               set_config('statement_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $1, true)
        """;

    public string IsThere { get; } = $"""SELECT to_regclass('"{name}"') IS NOT NULL""";

    /// <summary>Two hosts that make the table at once would hit each other in the catalogue, hence the lock.</summary>
    /// <remarks>
    /// One index is order, tie-break and the identity that replication asks for. No key by step: an id that waits twice is
    /// harmless, and an insert that checked would wait for whoever is taking the same one. Every row is deleted soon and none
    /// is updated: so the pages are filled, and vacuum comes by what is dead, not by a share of what waits, and does not dawdle.
    /// </remarks>
    public string Make { get; } = $"""
        SELECT pg_advisory_xact_lock(hashtext('refinery queue {name}'));
        CREATE TABLE IF NOT EXISTS "{name}" (
            step_id TEXT NOT NULL, type TEXT NOT NULL, priority INTEGER NOT NULL, rank BIGINT NOT NULL,
            enqueued_at BIGINT NOT NULL, arrival BIGINT GENERATED ALWAYS AS IDENTITY)
            WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
        COMMENT ON COLUMN "{name}".enqueued_at IS 'Microseconds since 1970, UTC';
        CREATE UNIQUE INDEX IF NOT EXISTS "{name}_order" ON "{name}" (priority DESC, rank, arrival);
        ALTER TABLE "{name}" REPLICA IDENTITY USING INDEX "{name}_order";
        """;

    /// <summary>$1 to $5: the columns, as arrays of one length.</summary>
    public string Add { get; } = $"""
        INSERT INTO "{name}" (step_id, type, priority, rank, enqueued_at)
        SELECT * FROM unnest($1, $2, $3, $4, $5)
        """;

    /// <summary>One for a whole batch: commits that notify wait for each other.</summary>
    public string Tell { get; } = $"SELECT pg_notify('{name}', '')";

    public string Listen { get; } = $"""LISTEN "{name}" """;

    /// <summary>$1: how many. The rows are chosen before any is deleted, so that no more than these are locked.</summary>
    public string Take { get; } = $"""
        WITH taken AS (
            DELETE FROM "{name}" WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM "{name}" ORDER BY priority DESC, rank, arrival LIMIT $1 FOR UPDATE SKIP LOCKED))
            RETURNING *)
        SELECT step_id, type, priority, rank, enqueued_at FROM taken ORDER BY priority DESC, rank, arrival
        """;

    /// <summary>$1: how many.</summary>
    public string First { get; } = $"""
        SELECT step_id, type, priority, rank, enqueued_at FROM "{name}" ORDER BY priority DESC, rank, arrival LIMIT $1
        """;

    /// <summary>$1: how many are counted one by one; when there are as many, what vacuum has counted last is told, and nothing of the oldest.</summary>
    public string Count { get; } = $"""
        SELECT CASE WHEN seen < $1 THEN seen ELSE GREATEST(seen, (SELECT reltuples FROM pg_class WHERE oid = '"{name}"'::regclass)::bigint) END,
               CASE WHEN seen < $1 THEN oldest END
        FROM (SELECT COUNT(*) AS seen, MIN(enqueued_at) AS oldest FROM (SELECT enqueued_at FROM "{name}" LIMIT $1) AS waiting) AS counted
        """;

    /// <summary>$1: how many. Not TRUNCATE, which would wait for whoever is taking, and keep the next from it meanwhile.</summary>
    public string Drop { get; } = $"""
        WITH gone AS (
            DELETE FROM "{name}" WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM "{name}" ORDER BY priority DESC, rank, arrival LIMIT $1 FOR UPDATE SKIP LOCKED))
            RETURNING 1)
        SELECT COUNT(*) FROM gone
        """;
}
