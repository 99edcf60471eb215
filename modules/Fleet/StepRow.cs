using System.Data.Common;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>A row of the table <c>steps</c>.</summary>
internal sealed record StepRow
{
    public required string StepId { get; init; }
    public required string BuildId { get; init; }
    public required string Type { get; init; }
    public required string Status { get; init; }
    public required long Priority { get; init; }
    public required long Rank { get; init; }
    public required string Args { get; init; }
    public required string Metadata { get; init; }
    public string? Recipes { get; init; }
    public required long MaxRetries { get; init; }
    public required long RetryCount { get; init; }
    public required long Attempts { get; init; }
    public required long Fence { get; init; }
    public string? ClaimedBy { get; init; }
    public DateTimeOffset? LeaseUntil { get; init; }
    public DateTimeOffset? NotBefore { get; init; }
    public string? Detail { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The columns in the order <see cref="Read"/> takes them.</summary>
    public const string Columns =
        "step_id, build_id, type, status, priority, rank, args, metadata, recipes, max_retries, retry_count, attempts, fence, claimed_by, lease_until, not_before, detail, created_at, updated_at";

    /// <summary>Reads a row by position: this table is on the hot path.</summary>
    public static StepRow Read(DbDataReader row) => new()
    {
        StepId = row.GetString(0),
        BuildId = row.GetString(1),
        Type = row.GetString(2),
        Status = row.GetString(3),
        Priority = row.GetInt64(4),
        Rank = row.GetInt64(5),
        Args = row.GetString(6),
        Metadata = row.GetString(7),
        Recipes = TextOrNull(row, 8),
        MaxRetries = row.GetInt64(9),
        RetryCount = row.GetInt64(10),
        Attempts = row.GetInt64(11),
        Fence = row.GetInt64(12),
        ClaimedBy = TextOrNull(row, 13),
        LeaseUntil = InstantOrNull(row, 14),
        NotBefore = InstantOrNull(row, 15),
        Detail = TextOrNull(row, 16),
        CreatedAt = Instant.Parse(row.GetString(17)),
        UpdatedAt = Instant.Parse(row.GetString(18)),
    };

    private static string? TextOrNull(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset? InstantOrNull(DbDataReader row, int column) => row.IsDBNull(column) ? null : Instant.Parse(row.GetString(column));
}

/// <summary>Statuses as the column holds them.</summary>
internal static class Status
{
    public const string Pending = "pending";
    public const string Claimed = "claimed";
    public const string Running = "running";
    public const string Completed = "completed";
    public const string Failed = "failed";
    public const string Cancelled = "cancelled";
}
