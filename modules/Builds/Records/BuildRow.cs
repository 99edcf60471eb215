namespace Refinery.Builds.Records;

/// <summary>A row of <c>builds</c>.</summary>
internal sealed record BuildRow
{
    public required string StepId { get; init; }
    public required long Sequence { get; init; }
    public required string BuildId { get; init; }
    public required string Type { get; init; }
    public required string ThirdPartyId { get; init; }
    public required string ParserId { get; init; }
    public string? ImageUri { get; init; }
    public string? Package { get; init; }

    /// <summary>The package's name as names are compared.</summary>
    public string? NameKey { get; init; }

    public string? Version { get; init; }
    public string? PythonTag { get; init; }
    public string? PlatformTag { get; init; }
    public string? RunId { get; init; }
    public required string Status { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its first attempt started, the first since a retry by hand.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>What was said last of it.</summary>
    public string? Detail { get; init; }
}

/// <summary>What changes in a row of <c>builds</c>, and whose it is.</summary>
internal sealed record BuildState(long Sequence, string ThirdPartyId, string Status)
{
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
    public string? Detail { get; init; }
}

/// <summary>A row of <c>build_attempts</c>.</summary>
internal sealed record AttemptRow
{
    public required string StepId { get; init; }
    public required long AttemptNumber { get; init; }
    public required string Status { get; init; }
    public string? PodId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public string? Detail { get; init; }
    public string? FailureReason { get; init; }

    /// <summary>A JSON list of ids.</summary>
    public string? MatchedHintIds { get; init; }

    public string? LogSha256 { get; init; }
}

/// <summary>The log of an attempt.</summary>
internal sealed record AttemptLog(string StepId, long AttemptNumber, string Sha256);

/// <summary>Statuses of a build, as the column and the answers have them.</summary>
internal static class BuildStatus
{
    public const string Pending = "pending";
    public const string Running = "running";
    public const string Succeeded = "succeeded";
    public const string Failed = "failed";
    public const string Cancelled = "cancelled";

    public static IReadOnlyList<string> All { get; } = [Pending, Running, Succeeded, Failed, Cancelled];

    /// <summary>The word that a filter means: other systems say completed and timeout.</summary>
    public static string Meant(string word) => word switch
    {
        "completed" => Succeeded,
        "timeout" => Failed,
        _ => word,
    };
}
