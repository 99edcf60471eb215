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
        INSERT INTO events (sequence, event_id, event_type, target, sent_timestamp, canonical, hash)
        VALUES (@Sequence, @EventId, @EventType, @Target, @SentTimestamp, @Canonical, @Hash)
        """,
        new { link.Sequence, link.EventId, link.EventType, link.Target, link.SentTimestamp, link.Canonical, link.Hash });

    /// <summary>The link of an event id, or null.</summary>
    public static Task<EventRow?> FindAsync(SqlSession sql, string eventId) => sql.FirstOrDefaultAsync(
        EventRow.Read, $"SELECT {EventRow.Columns} FROM events WHERE event_id = @EventId", new { EventId = eventId });

    /// <summary>The link at a sequence, or null.</summary>
    public static Task<EventRow?> FindAsync(SqlSession sql, long sequence) => sql.FirstOrDefaultAsync(
        EventRow.Read, $"SELECT {EventRow.Columns} FROM events WHERE sequence = @Sequence", new { Sequence = sequence });

    /// <summary>Links before a sequence, newest first.</summary>
    public static Task<IReadOnlyList<EventRow>> ListBeforeAsync(SqlSession sql, long sequence, int limit) => sql.QueryAsync(
        EventRow.Read,
        $"SELECT {EventRow.Columns} FROM events WHERE sequence < @Sequence ORDER BY sequence DESC LIMIT @Limit",
        new { Sequence = sequence, Limit = limit });

    /// <summary>Links after a sequence, in order.</summary>
    public static Task<IReadOnlyList<EventRow>> ListAfterAsync(SqlSession sql, long sequence, int limit) => sql.QueryAsync(
        EventRow.Read,
        $"SELECT {EventRow.Columns} FROM events WHERE sequence > @Sequence ORDER BY sequence LIMIT @Limit",
        new { Sequence = sequence, Limit = limit });

    /// <summary>The newest event, as the chain needs it.</summary>
    private sealed record HeadRow
    {
        public required long Sequence { get; init; }
        public required string Hash { get; init; }
    }
}
