using Refinery.Kernel.Storage;

namespace Refinery.Builds.Records;

/// <summary>The tables <c>build_totals</c> and <c>build_seconds</c>: what would be too slow to count anew.</summary>
internal sealed class BuildCounterStore(Database database)
{
    private const int SecondLength = 19;

    /// <summary>The second an instant lies in: <c>2026-01-24T10:00:00</c>.</summary>
    public static string SecondOf(DateTimeOffset instant) => Instant.Format(instant)[..SecondLength];

    /// <summary>How many builds of a third party, or of all of them for null, have a status, or any for null.</summary>
    public async Task<long> CountAsync(string? thirdPartyId, string? status, CancellationToken cancellationToken)
    {
        var counts = await database.ReadAsync(
            sql => sql.FirstOrDefaultAsync<StatusCounts>(
                "SELECT pending, running, succeeded, failed, cancelled FROM build_totals WHERE third_party_id = @ThirdPartyId",
                new { ThirdPartyId = thirdPartyId ?? string.Empty }),
            cancellationToken);
        return counts?.Of(status) ?? 0;
    }

    /// <summary>How many builds have ended since an instant, to the second.</summary>
    public Task<long> CountEndedAsync(DateTimeOffset since, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.FirstOrDefaultAsync<long>(
            "SELECT CAST(COALESCE(SUM(ended), 0) AS BIGINT) FROM build_seconds WHERE second >= @Second", new { Second = SecondOf(since) }),
        cancellationToken);

    /// <summary>Called by the projection only.</summary>
    public static Task<int> AddAsync(SqlSession sql, BuildCount added) => sql.ExecuteAsync(
        """
        INSERT INTO build_totals (third_party_id, pending, running, succeeded, failed, cancelled)
        VALUES (@ThirdPartyId, @Pending, @Running, @Succeeded, @Failed, @Cancelled)
        ON CONFLICT (third_party_id) DO UPDATE SET
            pending = build_totals.pending + excluded.pending,
            running = build_totals.running + excluded.running,
            succeeded = build_totals.succeeded + excluded.succeeded,
            failed = build_totals.failed + excluded.failed,
            cancelled = build_totals.cancelled + excluded.cancelled
        """,
        added);

    /// <summary>Called by the projection only.</summary>
    public static Task<int> AddAsync(SqlSession sql, EndedCount added) => sql.ExecuteAsync(
        """
        INSERT INTO build_seconds (second, ended) VALUES (@Second, @Ended)
        ON CONFLICT (second) DO UPDATE SET ended = build_seconds.ended + excluded.ended
        """,
        added);

    /// <summary>Called by the projection only.</summary>
    public static async Task ResetAsync(SqlSession sql)
    {
        await sql.ExecuteAsync("DELETE FROM build_totals");
        await sql.ExecuteAsync("DELETE FROM build_seconds");
    }
}

/// <summary>How many builds have each status.</summary>
internal sealed record StatusCounts
{
    public required long Pending { get; init; }
    public required long Running { get; init; }
    public required long Succeeded { get; init; }
    public required long Failed { get; init; }
    public required long Cancelled { get; init; }

    /// <summary>Those of one status, 0 for a word that is none; of all for null.</summary>
    public long Of(string? status) => status switch
    {
        null => Pending + Running + Succeeded + Failed + Cancelled,
        BuildStatus.Pending => Pending,
        BuildStatus.Running => Running,
        BuildStatus.Succeeded => Succeeded,
        BuildStatus.Failed => Failed,
        BuildStatus.Cancelled => Cancelled,
        _ => 0,
    };
}

/// <summary>An addition to a row of <c>build_totals</c>; a member may be negative.</summary>
internal sealed record BuildCount(string ThirdPartyId, long Pending, long Running, long Succeeded, long Failed, long Cancelled);

/// <summary>An addition to a row of <c>build_seconds</c>.</summary>
internal sealed record EndedCount(string Second, long Ended);
