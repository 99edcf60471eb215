using Refinery.Kernel.Storage;

namespace Refinery.Kernel.Journal;

/// <summary>The table <c>events</c>: appended to, never changed.</summary>
internal static class JournalStore
{
    public static async Task<JournalHead> HeadAsync(SqlSession sql) =>
        await sql.FirstOrDefaultAsync<HeadRow>("SELECT sequence, hash FROM events ORDER BY sequence DESC LIMIT 1") is { } row
            ? new JournalHead(row.Sequence, row.Hash)
            : JournalHead.Genesis;

    public static Task<int> InsertAsync(SqlSession sql, JournalEvent link) => sql.ExecuteAsync(
        """
        INSERT INTO events (sequence, event_id, event_type, target, canonical, hash)
        VALUES (@Sequence, @EventId, @EventType, @Target, @Canonical, @Hash)
        """,
        new { link.Sequence, link.EventId, link.EventType, link.Target, link.Canonical, link.Hash });

    /// <summary>Links after a sequence, in order.</summary>
    public static Task<IReadOnlyList<EventRow>> ListAfterAsync(SqlSession sql, long sequence, int limit) => sql.QueryAsync<EventRow>(
        """
        SELECT sequence, event_id, event_type, target, canonical, hash
        FROM events WHERE sequence > @Sequence ORDER BY sequence LIMIT @Limit
        """,
        new { Sequence = sequence, Limit = limit });

    /// <summary>The newest event, as the chain needs it.</summary>
    private sealed record HeadRow
    {
        public required long Sequence { get; init; }
        public required string Hash { get; init; }
    }
}
