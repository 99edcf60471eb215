using Refinery.Kernel.Storage;

namespace Refinery.Logs;

/// <summary>
/// The table <c>logs</c>, which follows from the journal, and those of the texts: <c>log_texts</c> says where on this machine one lies,
/// <c>log_bodies</c> and <c>log_parts</c> hold what hosts share.
/// </summary>
internal sealed class LogStore(Database database)
{
    public static Task<int> InsertAsync(SqlSession sql, LogRow log) => sql.ExecuteAsync(
        """
        INSERT INTO logs (log_id, sequence, name, normalized_name, version, attempt, run_id, timestamp, sha256, size_bytes, lines)
        VALUES (@LogId, @Sequence, @Name, @NormalizedName, @Version, @Attempt, @RunId, @Timestamp, @Sha256, @SizeBytes, @Lines)
        ON CONFLICT (log_id) DO NOTHING
        """,
        new
        {
            log.LogId,
            log.Sequence,
            log.Name,
            log.NormalizedName,
            log.Version,
            log.Attempt,
            log.RunId,
            log.Timestamp,
            log.Sha256,
            log.SizeBytes,
            log.Lines,
        });

    public static Task<int> ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM logs");

    /// <summary>Remembers where a text lies; the first place stays.</summary>
    public static Task<int> InsertTextAsync(SqlSession sql, string sha256, TextPlace place) => sql.ExecuteAsync(
        """
        INSERT INTO log_texts (sha256, segment, position, size_bytes) VALUES (@Sha256, @Segment, @Position, @SizeBytes)
        ON CONFLICT (sha256) DO NOTHING
        """,
        new { Sha256 = sha256, place.Segment, Position = place.Offset, SizeBytes = place.Length });

    /// <summary>The newest log that has this text, of one attempt when it is given; null when there is none.</summary>
    public Task<LogRow?> FindOfTextAsync(LogTarget target, string sha256, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.FirstOrDefaultAsync<LogRow>(
            """
            SELECT * FROM logs WHERE sha256 = @Sha256 AND normalized_name = @NormalizedName AND version = @Version AND (@Attempt IS NULL OR attempt = @Attempt)
            ORDER BY timestamp DESC, sequence DESC LIMIT 1
            """,
            new { target.NormalizedName, target.Version, Attempt = (long?)target.Attempt, Sha256 = sha256 }),
        cancellationToken);

    /// <summary>The newest log of a version, of one attempt when it is given; null when there is none.</summary>
    public Task<LogRow?> FindNewestAsync(string normalizedName, string version, long? attempt, CancellationToken cancellationToken) =>
        database.ReadAsync(
            sql => attempt is null
                ? sql.FirstOrDefaultAsync<LogRow>(
                    """
                    SELECT * FROM logs WHERE normalized_name = @NormalizedName AND version = @Version
                    ORDER BY timestamp DESC, sequence DESC LIMIT 1
                    """,
                    new { NormalizedName = normalizedName, Version = version })
                : sql.FirstOrDefaultAsync<LogRow>(
                    """
                    SELECT * FROM logs WHERE normalized_name = @NormalizedName AND version = @Version AND attempt = @Attempt
                    ORDER BY timestamp DESC, sequence DESC LIMIT 1
                    """,
                    new { NormalizedName = normalizedName, Version = version, Attempt = attempt }),
            cancellationToken);

    public Task<LogRow?> FindAsync(string logId, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.FirstOrDefaultAsync<LogRow>("SELECT * FROM logs WHERE log_id = @LogId", new { LogId = logId }),
        cancellationToken);

    /// <summary>Where a text lies, or null.</summary>
    public Task<TextPlace?> FindTextAsync(string sha256, CancellationToken cancellationToken) => database.ReadAsync(
        async sql => (await sql.FirstOrDefaultAsync<TextRow>(
            "SELECT segment, position, size_bytes FROM log_texts WHERE sha256 = @Sha256", new { Sha256 = sha256 }))?.Place,
        cancellationToken);

    /// <summary>The logs with this text, newest first.</summary>
    public Task<IReadOnlyList<LogRow>> ListWithTextAsync(string sha256, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.QueryAsync<LogRow>(
            "SELECT * FROM logs WHERE sha256 = @Sha256 ORDER BY timestamp DESC, sequence DESC LIMIT @Limit",
            new { Sha256 = sha256, Limit = limit }),
        cancellationToken);

    /// <summary>Logs older than the cursor with the places of their texts, newest first.</summary>
    public Task<IReadOnlyList<LogRow>> ListOlderWithPlacesAsync(LogCursor cursor, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        sql => cursor.NormalizedName is null
            ? sql.QueryAsync<LogRow>(
                """
                SELECT l.*, t.segment, t.position FROM logs l JOIN log_texts t ON t.sha256 = l.sha256
                WHERE (l.timestamp, l.sequence) < (@Timestamp, @Sequence)
                ORDER BY l.timestamp DESC, l.sequence DESC LIMIT @Limit
                """,
                new { cursor.Timestamp, cursor.Sequence, Limit = limit })
            : sql.QueryAsync<LogRow>(
                """
                SELECT l.*, t.segment, t.position FROM logs l JOIN log_texts t ON t.sha256 = l.sha256
                WHERE l.normalized_name = @NormalizedName AND (l.timestamp, l.sequence) < (@Timestamp, @Sequence)
                ORDER BY l.timestamp DESC, l.sequence DESC LIMIT @Limit
                """,
                new { cursor.NormalizedName, cursor.Timestamp, cursor.Sequence, Limit = limit }),
        cancellationToken);

    /// <summary>Logs older than the cursor, newest first.</summary>
    public Task<IReadOnlyList<LogRow>> ListOlderAsync(LogCursor cursor, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        sql => cursor.NormalizedName is null
            ? sql.QueryAsync<LogRow>(
                """
                SELECT * FROM logs WHERE (timestamp, sequence) < (@Timestamp, @Sequence)
                ORDER BY timestamp DESC, sequence DESC LIMIT @Limit
                """,
                new { cursor.Timestamp, cursor.Sequence, Limit = limit })
            : sql.QueryAsync<LogRow>(
                """
                SELECT * FROM logs WHERE normalized_name = @NormalizedName AND (timestamp, sequence) < (@Timestamp, @Sequence)
                ORDER BY timestamp DESC, sequence DESC LIMIT @Limit
                """,
                new { cursor.NormalizedName, cursor.Timestamp, cursor.Sequence, Limit = limit }),
        cancellationToken);

    /// <summary>The sequence of the log that was stored last; 0 when there is none.</summary>
    public async Task<long> LastSequenceAsync(CancellationToken cancellationToken) =>
        await database.ReadAsync(sql => sql.WholeAsync("SELECT MAX(sequence) FROM logs"), cancellationToken) ?? 0;

    /// <summary>The digests of logs behind a sequence, by sequence.</summary>
    public Task<IReadOnlyList<LogDigestRow>> ListDigestsAsync(long after, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.QueryAsync(
            row => new LogDigestRow(row.Whole(0), row.Text(1)),
            "SELECT sequence, sha256 FROM logs WHERE sequence > @After ORDER BY sequence LIMIT @Limit",
            new { After = after, Limit = limit }),
        cancellationToken);

    /// <summary>Digests behind a digest that logs name, by digest.</summary>
    public Task<IReadOnlyList<string>> ListNamedAsync(string after, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.QueryAsync(
            row => row.Text(0), "SELECT DISTINCT sha256 FROM logs WHERE sha256 > @After ORDER BY sha256 LIMIT @Limit", new { After = after, Limit = limit }),
        cancellationToken);

    /// <summary>Digests behind a digest that logs name and whose text is not shared, by digest.</summary>
    public Task<IReadOnlyList<string>> ListWithoutBodyAsync(string after, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.QueryAsync(
            row => row.Text(0),
            """
            SELECT DISTINCT sha256 FROM logs
            WHERE sha256 > @After AND NOT EXISTS (SELECT 1 FROM log_bodies b WHERE b.sha256 = logs.sha256)
            ORDER BY sha256 LIMIT @Limit
            """,
            new { After = after, Limit = limit }),
        cancellationToken);

    /// <summary>Adds a text without its parts. False when it is there, with all of them: another's that is being stored is waited for.</summary>
    public static async Task<bool> InsertBodyAsync(SqlSession sql, LogBodyRow body)
    {
        while (await sql.ExecuteAsync(
            "INSERT INTO log_bodies (sha256, size_bytes, stored_at) VALUES (@Sha256, @SizeBytes, @StoredAt) ON CONFLICT (sha256) DO NOTHING", body) == 0)
        {
            // None is changed when it was swept in between.
            if (await sql.ExecuteAsync("UPDATE log_bodies SET stored_at = @StoredAt WHERE sha256 = @Sha256", body) == 1)
            {
                return false;
            }
        }

        return true;
    }

    public static Task<int> InsertPartAsync(SqlSession sql, string sha256, int part, byte[] bytes) => sql.ExecuteAsync(
        "INSERT INTO log_parts (sha256, part, bytes) VALUES (@Sha256, @Part, @Bytes)", new { Sha256 = sha256, Part = part, Bytes = bytes });

    /// <summary>A part of a shared text, without bytes when the text has no such part; null when there is no such text.</summary>
    public Task<LogPartRow?> FindPartAsync(string sha256, int part, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.FirstOrDefaultAsync<LogPartRow>(
            """
            SELECT b.size_bytes, p.bytes FROM log_bodies b LEFT JOIN log_parts p ON p.sha256 = b.sha256 AND p.part = @Part
            WHERE b.sha256 = @Sha256
            """,
            new { Sha256 = sha256, Part = part }),
        cancellationToken);

    /// <summary>Deletes the texts stored before an instant that no log names.</summary>
    public static Task<int> DeleteUnnamedBodiesAsync(SqlSession sql, DateTimeOffset before) => sql.ExecuteAsync(
        "DELETE FROM log_bodies WHERE stored_at < @Before AND NOT EXISTS (SELECT 1 FROM logs l WHERE l.sha256 = log_bodies.sha256)",
        new { Before = before });

    /// <summary>Texts and their places behind a digest, by digest.</summary>
    public Task<IReadOnlyList<LogTextRow>> ListTextsAsync(string after, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.QueryAsync<LogTextRow>(
            "SELECT sha256, segment, position, size_bytes FROM log_texts WHERE sha256 > @After ORDER BY sha256 LIMIT @Limit",
            new { After = after, Limit = limit }),
        cancellationToken);

    /// <summary>How many texts of each segment are known.</summary>
    public async Task<IReadOnlyDictionary<int, long>> CountTextsAsync(CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(
            sql => sql.QueryAsync<SegmentCountRow>("SELECT segment, COUNT(*) AS texts FROM log_texts GROUP BY segment"), cancellationToken);
        return rows.ToDictionary(row => (int)row.Segment, row => row.Texts);
    }

    /// <summary>Where a text lies.</summary>
    private sealed record TextRow
    {
        public required long Segment { get; init; }
        public required long Position { get; init; }
        public required long SizeBytes { get; init; }

        public TextPlace Place => new((int)Segment, (int)Position, (int)SizeBytes);
    }

    /// <summary>How many texts a segment holds.</summary>
    private sealed record SegmentCountRow
    {
        public required long Segment { get; init; }
        public required long Texts { get; init; }
    }
}

/// <summary>Which text a log has.</summary>
internal sealed record LogDigestRow(long Sequence, string Sha256);

/// <summary>A stored text and where it lies.</summary>
internal sealed record LogTextRow
{
    public required string Sha256 { get; init; }
    public required long Segment { get; init; }
    public required long Position { get; init; }
    public required long SizeBytes { get; init; }

    public TextPlace Place => new((int)Segment, (int)Position, (int)SizeBytes);
}

/// <summary>Where a walk from the newest log to the oldest stands.</summary>
/// <param name="NormalizedName">Only this package's logs; null for all.</param>
internal sealed record LogCursor(string? NormalizedName, string Timestamp, long Sequence)
{
    /// <summary>Before the newest.</summary>
    public static LogCursor Newest(string? normalizedName) => new(normalizedName, Instant.Format(DateTimeOffset.MaxValue), long.MaxValue);

    public LogCursor After(LogRow row) => this with { Timestamp = Instant.Format(row.Timestamp), Sequence = row.Sequence };
}
