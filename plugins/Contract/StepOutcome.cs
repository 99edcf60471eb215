namespace Refinery.Contract;

/// <summary>How one attempt ended.</summary>
public sealed record StepOutcome
{
    /// <summary>True when the step is done.</summary>
    public required bool Succeeded { get; init; }

    /// <summary>One sentence for a person: what was made, or what went wrong.</summary>
    public required string Detail { get; init; }

    /// <summary>After a failure: whether another attempt can help. False ends the step whatever retries are left.</summary>
    public bool Retryable { get; init; } = true;

    /// <summary>After a failure: start the next attempt at once, without backoff, because something was changed for it.</summary>
    public bool RetryAtOnce { get; init; }

    /// <summary>A short machine-readable reason for a failure, for example <c>build_failed</c>; null after success.</summary>
    public string? FailureReason { get; init; }

    /// <summary>The hints whose pattern the log matched, by id; empty when none.</summary>
    public IReadOnlyList<string> MatchedHintIds { get; init; } = [];

    /// <summary>Recipes the next attempt should apply, by package manager; merged with those the step has. Null adds none.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Recipes { get; init; }

    /// <summary>Files made, each already stored under its digest.</summary>
    public IReadOnlyList<StepArtifact> Artifacts { get; init; } = [];

    /// <summary>A success with one sentence about it.</summary>
    public static StepOutcome Success(string detail) => new() { Succeeded = true, Detail = detail };

    /// <summary>A failure with its reason word and one sentence about it.</summary>
    public static StepOutcome Failure(string reason, string detail, bool retryable = true) =>
        new() { Succeeded = false, Detail = detail, FailureReason = reason, Retryable = retryable };
}

/// <summary>A file an attempt made.</summary>
/// <param name="Kind">What it is: <c>wheel</c> or <c>log</c>, or a word of the handler's.</param>
/// <param name="FileName">Its name without a folder.</param>
/// <param name="Sha256">64 lower-case hex digits of its content.</param>
/// <param name="SizeBytes">Its length in bytes.</param>
public sealed record StepArtifact(string Kind, string FileName, string Sha256, long SizeBytes)
{
    /// <summary>64 lower-case hex digits of the file it was made from, for example of a wheel's sdist; null when unknown.</summary>
    public string? SourceSha256 { get; init; }
}
