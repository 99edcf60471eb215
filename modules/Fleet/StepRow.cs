using Refinery.Contract;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

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
    public string? UniqueKey { get; init; }
    public string? Traceparent { get; init; }
    public string? Tracestate { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The columns in the order <see cref="Read"/> takes them.</summary>
    public const string Columns =
        "step_id, build_id, type, status, priority, rank, args, metadata, recipes, max_retries, retry_count, attempts, fence, claimed_by, lease_until, not_before, detail, created_at, updated_at, unique_key, traceparent, tracestate";

    /// <summary>Reads a row by position: this table is on the hot path.</summary>
    public static StepRow Read(ISqlRow row) => new()
    {
        StepId = row.Text(0),
        BuildId = row.Text(1),
        Type = row.Text(2),
        Status = row.Text(3),
        Priority = row.Whole(4),
        Rank = row.Whole(5),
        Args = row.Text(6),
        Metadata = row.Text(7),
        Recipes = row.TextOrNull(8),
        MaxRetries = row.Whole(9),
        RetryCount = row.Whole(10),
        Attempts = row.Whole(11),
        Fence = row.Whole(12),
        ClaimedBy = row.TextOrNull(13),
        LeaseUntil = row.InstantOrNull(14),
        NotBefore = row.InstantOrNull(15),
        Detail = row.TextOrNull(16),
        CreatedAt = row.Instant(17),
        UpdatedAt = row.Instant(18),
        UniqueKey = row.TextOrNull(19),
        Traceparent = row.TextOrNull(20),
        Tracestate = row.TextOrNull(21),
    };

    /// <summary>The status as other modules know it.</summary>
    public StepStatus StepStatus => Enum.Parse<StepStatus>(Status, ignoreCase: true);

    /// <summary>Who holds it, of a step that is claimed or running.</summary>
    public Holder Holder => new(StepId, ClaimedBy ?? string.Empty, Fence);

    /// <summary>The right to run it, of a step that is claimed or running.</summary>
    public ClaimedStep ToClaimed() => new(
        StepId, Type, StepJson.Parse(Args), StepJson.Parse(Metadata), Attempts, Fence, LeaseUntil, StepJson.Recipes(Recipes), Priority, RetryCount, MaxRetries, Traceparent, Tracestate);
}

/// <summary>Where a line stands: the lowest rank in it, or null, and then the lowest of all lines of its priority, null when nothing waits there.</summary>
internal sealed record LineHead(long? Rank, long? Others)
{
    /// <summary>The rank of the line or, where it is empty, of the others.</summary>
    public long? Lowest => Rank ?? Others;
}

/// <summary>A step that may be claimed.</summary>
internal sealed record Candidate(string StepId, string Type, long Priority, long Rank)
{
    /// <summary>Reads <c>step_id, priority, rank</c> of a type's steps.</summary>
    public static Func<ISqlRow, Candidate> ReadOf(string type) => row => new(row.Text(0), type, row.Whole(1), row.Whole(2));

    /// <summary>What stands in a line as an item of the queue does.</summary>
    public static Candidate Of(QueueItem item) => new(item.StepId, item.Type, item.Priority, item.Rank);
}

/// <summary>A step that has waited for an instant.</summary>
internal sealed record RipeStep(string StepId, long Priority, string Metadata, DateTimeOffset CreatedAt)
{
    /// <summary>Reads <c>step_id, priority, metadata, created_at</c>.</summary>
    public static RipeStep Read(ISqlRow row) => new(row.Text(0), row.Whole(1), row.Text(2), row.Instant(3));
}

/// <summary>A step whose lease ran out.</summary>
internal sealed record Orphan
{
    public required string StepId { get; init; }
    public required long RetryCount { get; init; }
    public required long MaxRetries { get; init; }
}

/// <summary>What an event of the journal says about a step.</summary>
internal sealed record ToldStep
{
    public required string StepId { get; init; }
    public required string Status { get; init; }
    public long? Rank { get; init; }
    public string? ClaimedBy { get; init; }
    public DateTimeOffset? NotBefore { get; init; }
    public long? Attempts { get; init; }
    public long? Fence { get; init; }
    public long? RetryCount { get; init; }
    public string? Recipes { get; init; }
    public string? Detail { get; init; }
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
