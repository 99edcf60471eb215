using System.Text.Json;

namespace Refinery.Fleet;

/// <summary>How a person wants recovery to run.</summary>
/// <param name="Force">Run even when a cycle asked for by hand has just completed.</param>
/// <param name="DryRun">Find out what would be done, and do nothing.</param>
internal sealed record RecoveryBody(bool Force = false, bool DryRun = false);

/// <summary>What a cycle of recovery did, or would do.</summary>
internal sealed record RecoveryAnswer(string Status, string Message, RecoverySummary RecoverySummary);

/// <summary>A cycle of recovery in figures and ids.</summary>
/// <param name="DeadPods">Pods that fell silent since the cycle before.</param>
/// <param name="OrphanedStepsFound">Steps whose lease had run out.</param>
/// <param name="RequeuedSteps">Back in line, with one retry less.</param>
/// <param name="TerminalSteps">Failed, because no retry was left; they are dead letters now.</param>
internal sealed record RecoverySummary(
    string CycleId,
    int DeadPodsFound,
    int OrphanedStepsFound,
    int StepsRequeued,
    int StepsMarkedTerminal,
    long DurationMs,
    IReadOnlyList<string> DeadPods,
    IReadOnlyList<string> RequeuedSteps,
    IReadOnlyList<string> TerminalSteps);

/// <summary>A page of dead letters, newest first.</summary>
/// <param name="Total">All there are.</param>
internal sealed record DeadLetterPage(IReadOnlyList<DeadLetterAnswer> Items, long Total);

/// <summary>A step that failed for good.</summary>
/// <param name="FailureReason">The last attempt's word, for example <c>worker_lost</c>.</param>
/// <param name="PodId">The pod of the last attempt.</param>
/// <param name="DiedAt">When it failed.</param>
internal sealed record DeadLetterAnswer(
    string StepId,
    string Type,
    string FailureReason,
    string Detail,
    string? PodId,
    long Attempts,
    long RetryCount,
    long MaxRetries,
    DateTimeOffset CreatedAt,
    DateTimeOffset DiedAt,
    JsonElement Args,
    JsonElement Metadata)
{
    public static DeadLetterAnswer Of(DeadLetterRow row, StepRow step) => new(
        row.StepId, step.Type, row.FailureReason, row.Detail, row.PodId, row.Attempts, row.RetryCount, step.MaxRetries,
        step.CreatedAt, row.DiedAt, StepJson.Parse(step.Args), StepJson.Parse(step.Metadata));
}

/// <summary>A dead letter has another life.</summary>
internal sealed record ReplayAnswer(string StepId, string Status, string Message);
