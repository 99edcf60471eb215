using Refinery.Kernel.Storage;

namespace Refinery.History;

/// <summary>The tables <c>history_hours</c> and <c>history_packages</c>: what would be too slow to count anew.</summary>
internal sealed class HistoryCounterStore(Database database)
{
    private const string Failing = "status IN ('failed', 'failed_attempt', 'missing', 'system_recipe_failed')";

    /// <summary>How many events of each status happened since an instant; statuses without one are left out.</summary>
    public Task<Dictionary<string, long>> CountSinceAsync(DateTimeOffset since, CancellationToken cancellationToken) => database.ReadAsync(
        async sql =>
        {
            var fullHour = HistoryCounters.HourOf(since.AddHours(1).AddTicks(-TimeSpan.TicksPerMicrosecond));
            var before = await HistoryStore.CountUntilAsync(sql, since, fullHour);
            var after = await sql.QueryAsync<StatusCount>(
                "SELECT status, CAST(SUM(count) AS BIGINT) AS count FROM history_hours WHERE hour >= @FullHour GROUP BY status",
                new { FullHour = fullHour });
            return Sum(before.Concat(after));
        },
        cancellationToken);

    /// <summary>How many events of each status there ever were.</summary>
    public Task<Dictionary<string, long>> CountAllAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async sql => Sum(await sql.QueryAsync<StatusCount>("SELECT status, count FROM history_hours WHERE hour = ''")),
        cancellationToken);

    /// <summary>How many events there ever were.</summary>
    /// <param name="nameKey">Of one package only; null for all.</param>
    /// <param name="status">Of one status only; null for all.</param>
    public Task<long> CountAsync(string? nameKey, string? status, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.FirstOrDefaultAsync<long>(
            nameKey is null
                ? "SELECT CAST(SUM(count) AS BIGINT) FROM history_hours WHERE hour = '' AND (@Status IS NULL OR status = @Status)"
                : "SELECT CAST(SUM(count) AS BIGINT) FROM history_packages WHERE name_key = @NameKey AND (@Status IS NULL OR status = @Status)",
            new { NameKey = nameKey, Status = status }),
        cancellationToken);

    /// <summary>How many events of each status a package has.</summary>
    public Task<Dictionary<string, long>> CountOfAsync(string nameKey, CancellationToken cancellationToken) => database.ReadAsync(
        async sql => Sum(await sql.QueryAsync<StatusCount>(
            "SELECT status, count FROM history_packages WHERE name_key = @NameKey", new { NameKey = nameKey })),
        cancellationToken);

    /// <summary>The packages with the most failures, most first.</summary>
    public Task<IReadOnlyList<PackageFailures>> ListTopFailuresAsync(int limit, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.QueryAsync<PackageFailures>(
            $"""
            SELECT MAX(name) AS name, CAST(SUM(count) AS BIGINT) AS failures FROM history_packages
            WHERE {Failing} GROUP BY name_key ORDER BY failures DESC, name_key LIMIT @Limit
            """,
            new { Limit = limit }),
        cancellationToken);

    /// <summary>The packages whose timed events took longest on average, slowest first.</summary>
    public Task<IReadOnlyList<PackageDuration>> ListTopSlowestAsync(int limit, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.QueryAsync<PackageDuration>(
            """
            SELECT MAX(name) AS name, SUM(micros) / SUM(timed) AS average_micros FROM history_packages
            WHERE timed > 0 GROUP BY name_key ORDER BY average_micros DESC, name_key LIMIT @Limit
            """,
            new { Limit = limit }),
        cancellationToken);

    /// <summary>Called by the projection only.</summary>
    public static Task<int> AddAsync(SqlSession sql, HourCount added) => sql.ExecuteAsync(
        """
        INSERT INTO history_hours (hour, status, count) VALUES (@Hour, @Status, @Count)
        ON CONFLICT (hour, status) DO UPDATE SET count = history_hours.count + excluded.count
        """,
        added);

    /// <summary>Called by the projection only.</summary>
    public static Task<int> AddAsync(SqlSession sql, PackageCount added) => sql.ExecuteAsync(
        """
        INSERT INTO history_packages (name_key, status, name, count, timed, micros)
        VALUES (@NameKey, @Status, @Name, @Count, @Timed, @Micros)
        ON CONFLICT (name_key, status) DO UPDATE SET
            name = excluded.name,
            count = history_packages.count + excluded.count,
            timed = history_packages.timed + excluded.timed,
            micros = history_packages.micros + excluded.micros
        """,
        added);

    /// <summary>Called by the projection only.</summary>
    public static async Task ResetAsync(SqlSession sql)
    {
        await sql.ExecuteAsync("DELETE FROM history_hours");
        await sql.ExecuteAsync("DELETE FROM history_packages");
    }

    private static Dictionary<string, long> Sum(IEnumerable<StatusCount> counts) => counts
        .GroupBy(count => count.Status, StringComparer.Ordinal)
        .OrderBy(group => group.Key, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Sum(count => count.Count), StringComparer.Ordinal);
}

/// <summary>How many events have a status.</summary>
internal sealed record StatusCount
{
    public required string Status { get; init; }
    public required long Count { get; init; }
}

/// <summary>How often a package failed.</summary>
internal sealed record PackageFailures
{
    public required string Name { get; init; }
    public required long Failures { get; init; }
}

/// <summary>How long a package's builds took on average.</summary>
internal sealed record PackageDuration
{
    public required string Name { get; init; }
    public required double AverageMicros { get; init; }
}
