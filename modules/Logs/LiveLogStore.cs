using Refinery.Kernel.Storage;

namespace Refinery.Logs;

/// <summary>The tables <c>live_logs</c> and <c>live_log_pieces</c>: what hosts on one database show each other of logs that are being written.</summary>
/// <remarks>They hold no truth: whatever is lost here shows when the log is stored. Where one process holds the database nothing is asked.</remarks>
internal sealed class LiveLogStore(Database database)
{
    /// <summary>What hosts are told with each change: the log's id.</summary>
    public const string Topic = "log.live";

    private const int PiecesAtOnce = 64;

    /// <summary>Appends to a log. False, and nothing is changed, when the log does not end here where the text goes on.</summary>
    public static async Task<bool> AppendAsync(SqlSession sql, LiveLogRow log, LiveText text)
    {
        var row = new { log.LogId, log.Host, log.NormalizedName, log.Version, log.Attempt, log.StepId, log.Beat, text.Start, text.End };
        var changed = text.Start == 0
            ? await sql.ExecuteAsync(
                """
                INSERT INTO live_logs (log_id, host, normalized_name, version, attempt, step_id, size_bytes, beat)
                VALUES (@LogId, @Host, @NormalizedName, @Version, @Attempt, @StepId, @End, @Beat)
                ON CONFLICT (log_id) DO NOTHING
                """,
                row)
            : await sql.ExecuteAsync("UPDATE live_logs SET size_bytes = @End, beat = @Beat WHERE log_id = @LogId AND size_bytes = @Start", row);
        if (changed == 0)
        {
            return false;
        }

        await sql.ExecuteAllAsync(
            "INSERT INTO live_log_pieces (log_id, position, bytes) VALUES (@LogId, @Position, @Bytes)",
            text.Pieces.ConvertAll(piece => new { log.LogId, piece.Position, piece.Bytes }));
        sql.Tell(Topic, log.LogId);
        return true;
    }

    public static async Task DeleteAsync(SqlSession sql, string logId)
    {
        await sql.ExecuteAsync("DELETE FROM live_logs WHERE log_id = @LogId", new { LogId = logId });
        sql.Tell(Topic, logId);
    }

    /// <summary>Shows that a host lives, and removes the logs of those that have not for a while.</summary>
    public static async Task BeatAsync(SqlSession sql, string host, DateTimeOffset now, DateTimeOffset dead)
    {
        await sql.ExecuteAsync("UPDATE live_logs SET beat = @Now WHERE host = @Host", new { Host = host, Now = now });
        await sql.ExecuteAsync("DELETE FROM live_logs WHERE beat < @Dead", new { Dead = dead });
    }

    /// <summary>Removes a log that its host has taken in.</summary>
    public Task RemoveAsync(string logId, CancellationToken cancellationToken) => database.IsShared
        ? database.WriteAsideAsync(sql => DeleteAsync(sql, logId), cancellationToken)
        : Task.CompletedTask;

    /// <summary>Bytes of a log that are shown; null when the log is not.</summary>
    public Task<long?> LengthAsync(string logId, CancellationToken cancellationToken) => ReadAsync(
        sql => sql.WholeAsync("SELECT size_bytes FROM live_logs WHERE log_id = @LogId", new { LogId = logId }), cancellationToken);

    /// <summary>The id of the log of a version, of one attempt when it is given, that was opened last; null when there is none.</summary>
    public Task<string?> FindNewestAsync(LogTarget target, CancellationToken cancellationToken) => ReadAsync(
        sql => sql.FirstOrDefaultAsync(
            row => row.Text(0),
            """
            SELECT log_id FROM live_logs WHERE normalized_name = @NormalizedName AND version = @Version AND (@Attempt IS NULL OR attempt = @Attempt)
            ORDER BY log_id DESC LIMIT 1
            """,
            new { target.NormalizedName, target.Version, Attempt = (long?)target.Attempt }),
        cancellationToken);

    /// <summary>The id of the log that a step's attempt writes, or else of the newest of its version of which nobody says whose it is; null when there is none.</summary>
    public Task<string?> FindOfStepAsync(LogTarget target, string? stepId, CancellationToken cancellationToken) => ReadAsync(
        sql => sql.FirstOrDefaultAsync(
            row => row.Text(0),
            """
            SELECT log_id FROM live_logs
            WHERE (step_id = @StepId AND attempt = @Attempt)
                OR (step_id IS NULL AND normalized_name = @NormalizedName AND version = @Version AND (@Attempt IS NULL OR attempt = @Attempt))
            ORDER BY CASE WHEN step_id IS NULL THEN 1 ELSE 0 END, log_id DESC LIMIT 1
            """,
            new { target.NormalizedName, target.Version, Attempt = (long?)target.Attempt, StepId = stepId }),
        cancellationToken);

    /// <summary>The pieces from the one that holds a byte on, in order; empty when there is no more.</summary>
    public async Task<IReadOnlyList<LivePieceRow>> ListFromAsync(string logId, long position, CancellationToken cancellationToken) => await ReadAsync(
        sql => sql.QueryAsync<LivePieceRow>(
            """
            SELECT position, bytes FROM live_log_pieces
            WHERE log_id = @LogId AND position >= (SELECT MAX(position) FROM live_log_pieces WHERE log_id = @LogId AND position <= @Position)
            ORDER BY position LIMIT @Limit
            """,
            new { LogId = logId, Position = position, Limit = PiecesAtOnce }),
        cancellationToken) ?? [];

    /// <summary>The pieces before a position, last first.</summary>
    public async Task<IReadOnlyList<LivePieceRow>> ListBeforeAsync(string logId, long position, CancellationToken cancellationToken) => await ReadAsync(
        sql => sql.QueryAsync<LivePieceRow>(
            "SELECT position, bytes FROM live_log_pieces WHERE log_id = @LogId AND position < @Position ORDER BY position DESC LIMIT @Limit",
            new { LogId = logId, Position = position, Limit = PiecesAtOnce }),
        cancellationToken) ?? [];

    private async Task<T?> ReadAsync<T>(Func<SqlSession, Task<T>> work, CancellationToken cancellationToken) =>
        database.IsShared ? await database.ReadAsync(work, cancellationToken) : default;
}

/// <summary>A log that is being written, as its host shows it.</summary>
/// <param name="Host">The process that writes it.</param>
/// <param name="Beat">When that was last known to live.</param>
internal sealed record LiveLogRow(string LogId, string Host, string NormalizedName, string Version, long? Attempt, string? StepId, DateTimeOffset Beat);

/// <summary>What a log goes on with, from byte to byte.</summary>
internal sealed record LiveText(long Start, long End, List<LivePieceRow> Pieces);

/// <summary>A piece of a log that is being written.</summary>
internal sealed record LivePieceRow
{
    /// <summary>The place of its first byte in the text.</summary>
    public required long Position { get; init; }

    /// <summary>Compressed.</summary>
    public required byte[] Bytes { get; init; }
}
