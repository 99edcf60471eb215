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
