using System.Text.Json;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>A step as the journal tells it, up to an instant.</summary>
/// <param name="UpdatedAt">When the last event happened that counts.</param>
/// <param name="Attempts">Each in its turn; empty before the first claim.</param>
/// <param name="NotBefore">It is not called before; kept until it is claimed.</param>
/// <param name="PodId">Who made the last attempt, or makes it.</param>
/// <param name="Detail">What was said last of it.</param>
/// <param name="At">The instant asked for; absent when every event counts.</param>
internal sealed record PastStep(
    string StepId, string Type, StepStatus Status, JsonElement Args, JsonElement Metadata, long Priority, long RetryCount, long MaxRetries, DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt, IReadOnlyList<PastAttempt> Attempts, DateTimeOffset? NotBefore, string? PodId, string? Detail, DateTimeOffset? At);

/// <summary>An attempt of a step as the journal tells it.</summary>
/// <param name="Status"><c>created</c> (claimed), <c>running</c>, <c>succeeded</c>, <c>failed</c>, or <c>invalidated</c> (cancelled, or given back).</param>
/// <param name="StartedAt">Absent while it is only claimed.</param>
/// <param name="FinishedAt">Absent until it has ended.</param>
/// <param name="MatchedHintIds">The hints that were found in its log.</param>
internal sealed record PastAttempt(
    string AttemptId, long AttemptNumber, string Status, IReadOnlyList<string> MatchedHintIds, string? PodId = null, DateTimeOffset? StartedAt = null,
    DateTimeOffset? FinishedAt = null, string? Detail = null, string? FailureReason = null, long? DurationMs = null);
