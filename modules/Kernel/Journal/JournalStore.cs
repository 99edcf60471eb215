using Refinery.Kernel.Storage;

namespace Refinery.Kernel.Journal;

/// <summary>The table <c>events</c>: appended to, never changed.</summary>
internal static class JournalStore
{
    public static async Task<JournalHead> HeadAsync(SqlSession sql) => await sql.FirstOrDefaultAsync(
        row => new JournalHead(row.Whole(0), row.Text(1)), "SELECT sequence, hash FROM events ORDER BY sequence DESC LIMIT 1") ?? JournalHead.Genesis;

    public static Task InsertAsync(SqlSession sql, IReadOnlyList<JournalEvent> links) => sql.ChangeEachAsync(
        """
        INSERT INTO events (sequence, event_id, event_type, target, sent_timestamp, canonical, hash)
        VALUES (@Sequence, @EventId, @EventType, @Target, @SentTimestamp, @Canonical, @Hash)
        """,
        [.. links.Select(link => new { link.Sequence, link.EventId, link.EventType, link.Target, link.SentTimestamp, link.Canonical, link.Hash })]);

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
    public static Task<IReadOnlyList<EventRow>> ListAfterAsync(SqlSession sql, long sequence, int limit) => ReadAfterAsync(sql, EventRow.Read, sequence, limit);

    /// <summary>The tree's leaves after a sequence, in order.</summary>
    public static Task<IReadOnlyList<byte[]>> ListLeavesAsync(SqlSession sql, long sequence, long limit)
    {
        var leaves = new LeafWriter();
        return ReadAfterAsync(sql, row => leaves.Hash(EventRow.Read(row)), sequence, limit);
    }

    /// <summary>Follows the links after the last good one, in order, up to the first that has a fault; from the very first row on, wherever that stands.</summary>
    /// <returns>How many there were, or the fault.</returns>
    public static async Task<(int Count, string? Fault)> FollowAsync(SqlSession sql, ChainCheck check, int limit)
    {
        var leaves = new LeafWriter();
        string? fault = null;
        var sequence = check.Head is { Sequence: > 0 and var last } ? last : long.MinValue;
        var rows = await ReadAfterAsync(sql, row => (fault ??= Follow(row, check, leaves)) is null, sequence, limit);
        return (rows.Count, fault);
    }

    private static Task<IReadOnlyList<T>> ReadAfterAsync<T>(SqlSession sql, Func<ISqlRow, T> read, long sequence, long limit) => sql.QueryAsync(
        read,
        $"SELECT {EventRow.Columns} FROM events WHERE sequence > @Sequence ORDER BY sequence LIMIT @Limit",
        new { Sequence = sequence, Limit = limit });

    private static string? Follow(ISqlRow row, ChainCheck check, LeafWriter leaves)
    {
        // Before the bytes are looked at: reading a column in another way may move them.
        var leaf = check.CountsLines ? leaves.Hash(EventRow.Read(row)) : null;
        return check.Follow(new ChainLink(row.Whole(0), row.Utf8(6), row.Utf8(5)) { HasColumns = true, EventId = row.Utf8(1), EventType = row.Utf8(2) }, leaf);
    }
}
