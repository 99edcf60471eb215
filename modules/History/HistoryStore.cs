using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.History;

/// <summary>The table <c>history</c>. Its rows come from the journal only.</summary>
internal sealed class HistoryStore(Database database)
{
    private const string Select = """
        SELECT id, timestamp, name, name_key, version, python_tag, platform_tag, status, run_id, attempt, duration_ms, detail,
               matched_hint_ids, metadata
        FROM history
        """;

    private const string NewestFirst = "ORDER BY timestamp DESC, id DESC LIMIT @Limit OFFSET @Offset";

    private const string Failing = "status IN ('failed', 'failed_attempt', 'missing', 'system_recipe_failed')";

    // One text for each index that can lead; what the index does not decide is checked row by row.
    private const string Rest = """
        timestamp >= @From AND (timestamp, id) < (@Before, @BeforeId)
        AND (@PythonTag IS NULL OR python_tag = @PythonTag) AND (@PlatformTag IS NULL OR platform_tag = @PlatformTag)
        """;

    private const string ByTime = $"WHERE {Rest}";
    private const string ByStatus = $"WHERE status = @Status AND {Rest}";
    private const string ByPackage = $"WHERE name_key = @NameKey AND (@Status IS NULL OR status = @Status) AND {Rest}";

    private const string ByRun = $"""
        WHERE run_id = @RunId AND (@NameKey IS NULL OR name_key = @NameKey) AND (@Status IS NULL OR status = @Status) AND {Rest}
        """;

    /// <summary>Journals wheel events that were sent to us, all or none; the projection writes their rows.</summary>
    /// <returns>How many there were.</returns>
    public Task<int> RecordAsync(IReadOnlyList<EventDraft> events, CancellationToken cancellationToken) => database.WriteAsync(
        sql =>
        {
            foreach (var draft in events)
            {
                sql.Append(draft);
            }

            return Task.FromResult(events.Count);
        },
        cancellationToken);

    /// <summary>Rows that pass a filter, newest first.</summary>
    public Task<IReadOnlyList<HistoryRow>> ListAsync(HistoryFilter filter, CancellationToken cancellationToken) =>
        QueryAsync(
            filter switch
            {
                { RunId: not null } => $"{Select} {ByRun} {NewestFirst}",
                { NameKey: not null } => $"{Select} {ByPackage} {NewestFirst}",
                { Status: not null } => $"{Select} {ByStatus} {NewestFirst}",
                _ => $"{Select} {ByTime} {NewestFirst}",
            },
            filter,
            cancellationToken);

    /// <summary>How many rows pass a filter.</summary>
    public Task<long> CountAsync(HistoryFilter filter, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.FirstOrDefaultAsync<long>(
            filter switch
            {
                { RunId: not null } => $"SELECT COUNT(*) FROM history {ByRun}",
                { NameKey: not null } => $"SELECT COUNT(*) FROM history {ByPackage}",
                { Status: not null } => $"SELECT COUNT(*) FROM history {ByStatus}",
                _ => $"SELECT COUNT(*) FROM history {ByTime}",
            },
            filter),
        cancellationToken);

    /// <summary>Rows with a failing status, newest first.</summary>
    /// <param name="nameKey">Of one package only; null for all.</param>
    public Task<IReadOnlyList<HistoryRow>> ListFailuresAsync(string? nameKey, int limit, CancellationToken cancellationToken) => QueryAsync(
        nameKey is null
            ? $"{Select} WHERE {Failing} {NewestFirst}"
            : $"{Select} WHERE name_key = @NameKey AND {Failing} {NewestFirst}",
        new { NameKey = nameKey, Limit = limit, Offset = 0 },
        cancellationToken);

    /// <summary>The newest row of a version; null when there is none.</summary>
    public Task<HistoryRow?> FindLatestAsync(string nameKey, string version, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.FirstOrDefaultAsync<HistoryRow>(
            $"{Select} WHERE name_key = @NameKey AND version = @Version {NewestFirst}",
            new { NameKey = nameKey, Version = version, Limit = 1, Offset = 0 }),
        cancellationToken);

    /// <summary>The newest row of a package; null when there is none.</summary>
    public Task<HistoryRow?> FindLatestAsync(string nameKey, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.FirstOrDefaultAsync<HistoryRow>(
            $"{Select} WHERE name_key = @NameKey {NewestFirst}", new { NameKey = nameKey, Limit = 1, Offset = 0 }),
        cancellationToken);

    /// <summary>The newest row of every version and pair of tags of a package, newest first.</summary>
    public Task<IReadOnlyList<HistoryRow>> ListVariantsAsync(string nameKey, int limit, CancellationToken cancellationToken) => QueryAsync(
        $"""
        {Select} WHERE id IN (
            SELECT id FROM (
                SELECT id, ROW_NUMBER() OVER (PARTITION BY version, python_tag, platform_tag ORDER BY timestamp DESC, id DESC) AS place
                FROM history WHERE name_key = @NameKey) AS placed
            WHERE place = 1)
        {NewestFirst}
        """,
        new { NameKey = nameKey, Limit = limit, Offset = 0 },
        cancellationToken);

    /// <summary>How many rows of each status lie between an instant and the next full hour.</summary>
    /// <param name="fullHour">As <see cref="HistoryCounters.HourOf"/> names it.</param>
    public static Task<IReadOnlyList<StatusCount>> CountUntilAsync(SqlSession sql, DateTimeOffset since, string fullHour) =>
        sql.QueryAsync<StatusCount>(
            "SELECT status, COUNT(*) AS count FROM history WHERE timestamp >= @Since AND timestamp < @FullHour GROUP BY status",
            new { Since = since, FullHour = fullHour });

    /// <summary>Called by the projection only.</summary>
    public static Task InsertAsync(SqlSession sql, IReadOnlyList<HistoryRow> rows) => sql.ExecuteAllAsync(
        """
        INSERT INTO history (id, timestamp, name, name_key, version, python_tag, platform_tag, status, run_id, attempt, duration_ms,
                             detail, matched_hint_ids, metadata)
        VALUES (@Id, @Timestamp, @Name, @NameKey, @Version, @PythonTag, @PlatformTag, @Status, @RunId, @Attempt, @DurationMs,
                @Detail, @MatchedHintIds, @Metadata)
        """,
        rows);

    /// <summary>Called by the projection only.</summary>
    public static Task<int> ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM history");

    private Task<IReadOnlyList<HistoryRow>> QueryAsync(string sql, object parameters, CancellationToken cancellationToken) =>
        database.ReadAsync(session => session.QueryAsync<HistoryRow>(sql, parameters), cancellationToken);
}
