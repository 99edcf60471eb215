using System.Text.Json;
using Refinery.Kernel.Web;

namespace Refinery.Kernel.Work;

/// <summary>A step a pod may run: the right to one attempt at it, as the work protocol hands it out.</summary>
/// <param name="StepId">The step's id, 1–100 characters.</param>
/// <param name="Kind">The step type.</param>
/// <param name="Args">A JSON object.</param>
/// <param name="Metadata">The submitter's; a JSON object, often empty.</param>
/// <param name="Attempt">1 for the first attempt, then counting up.</param>
/// <param name="Fence">Under which the attempt's result counts; a later claim of the same step has a higher one.</param>
/// <param name="LeaseUntil">When the right ends unless it is renewed.</param>
/// <param name="Recipes">Packages to install before the work, by manager; empty when none.</param>
/// <param name="Priority">Higher is called earlier.</param>
/// <param name="RetryCount">Failures so far.</param>
/// <param name="MaxRetries">The attempt is the last one once <paramref name="RetryCount"/> reaches it.</param>
/// <param name="Traceparent">The span it was submitted under, as W3C's header names it; null when it belongs to no trace.</param>
/// <param name="Tracestate">The header that goes with it, if there was one.</param>
public sealed record ClaimedStep(
    string StepId,
    string Kind,
    JsonElement Args,
    JsonElement Metadata,
    long Attempt,
    long Fence,
    DateTimeOffset? LeaseUntil,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Recipes,
    long Priority,
    long RetryCount,
    long MaxRetries,
    string? Traceparent = null,
    string? Tracestate = null)
{
    /// <summary>Where the attempt's log is kept: under the package of a wheel build, under the type of other steps.</summary>
    public LogKey ToLogKey()
    {
        var runId = Metadata.TextMember("run_id");
        return Kind == StepTypes.WheelBuild && Args.TextMember("package") is { } package
            ? new LogKey(package, Args.TextMember("version") ?? "latest", (int)Attempt, runId, StepId)
            : new LogKey(Kind, StepId, (int)Attempt, runId, StepId);
    }
}
