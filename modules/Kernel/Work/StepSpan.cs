using System.Diagnostics;
using Refinery.Contract;

namespace Refinery.Kernel.Work;

/// <summary>The span of one attempt: what a trace says of it.</summary>
internal sealed class StepSpan(Activity? activity) : IDisposable
{
    public static StepSpan Begin(ClaimedStep step, string podId)
    {
        var activity = TraceContext.Begin($"step {step.Kind}", ActivityKind.Consumer, TraceContext.Of(step.Traceparent, step.Tracestate));
        activity?.SetTag("step.id", step.StepId);
        activity?.SetTag("step.type", step.Kind);
        activity?.SetTag("step.attempt", step.Attempt);
        activity?.SetTag("pod.id", podId);
        return new StepSpan(activity);
    }

    /// <summary>Says what came of the attempt, also when nobody can be told of it then.</summary>
    /// <param name="outcome">Null when the attempt was stopped from outside.</param>
    public void Came(StepOutcome? outcome)
    {
        activity?.SetTag("step.outcome", outcome is null ? "stopped" : outcome.Succeeded ? "succeeded" : "failed");
        if (outcome is { Succeeded: false })
        {
            activity?.SetStatus(ActivityStatusCode.Error, outcome.FailureReason);
        }
    }

    /// <param name="status">Where the step stands now, if that is known here.</param>
    public void Stands(StepStatus? status) => activity?.SetTag("step.status", status?.ToString().ToLowerInvariant());

    public void Dispose() => activity?.Dispose();
}
