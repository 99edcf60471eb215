using Refinery.Contract;

namespace Refinery.Worker;

/// <summary>Asks for work.</summary>
internal sealed record ClaimWords(string PodId, IReadOnlyList<string> Kinds, int Max, double WaitSeconds, bool Start);

/// <summary>Speaks about a step that the pod holds.</summary>
internal record HolderWords(string PodId, long Fence);

/// <summary>Prolongs the lease of a step that the pod holds.</summary>
internal sealed record RenewWords(string PodId, long Fence, double WaitSeconds) : HolderWords(PodId, Fence);

/// <summary>What the server says of a step that the pod holds.</summary>
internal sealed record HeldWords(bool CancelRequested);

/// <summary>Says that the pod lives.</summary>
/// <param name="Steps">What a draining pod still holds, so that a claim whose answer it did not wait for is given back; else null.</param>
internal sealed record BeatWords(
    string PodId, IReadOnlyList<string> Kinds, int Capacity, int Running, string Version, bool Draining, IReadOnlyList<string>? Steps);

/// <summary>Asks which hints fit a log.</summary>
internal sealed record MatchWords(string Content, string? Package);

/// <summary>What came of a step.</summary>
internal sealed record OutcomeWords(
    string PodId,
    long Fence,
    string Detail,
    bool Retryable,
    bool RetryAtOnce,
    IReadOnlyList<string> MatchedHintIds,
    IReadOnlyList<StepArtifact> Artifacts,
    string? FailureReason = null,
    long? DurationMs = null,
    IReadOnlyDictionary<string, IReadOnlyList<string>>? Recipes = null,
    string? LogSha256 = null,
    long? LogSizeBytes = null);
