using System.Text.Json;
using Refinery.Contract;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Writes the events of a step's life; one event a transition.</summary>
internal static class StepEvents
{
    private const string Actor = "refinery";

    /// <param name="asked">The step as it was submitted, whose values need no second reading.</param>
    public static EventDraft Created(StepRow step, NewStep asked)
    {
        var (args, metadata) = (StepJson.Object(asked.Args), StepJson.Object(asked.Metadata));
        var payload = Wheel(step, args, metadata)
            .Add("task_id", step.StepId)
            .Add("node_id", step.StepId)
            .Add("node_type", "Task")
            .Add("step_type", step.Type)
            .AddJson("args", args)
            .AddJson("metadata", metadata)
            .Add("priority", step.Priority)
            .Add("max_retries", step.MaxRetries)
            .Add("unique_key", step.UniqueKey)
            .Add("traceparent", step.Traceparent)
            .Add("tracestate", step.Tracestate)
            .Add("not_before", step.NotBefore)
            .Add("created_at", step.CreatedAt);
        if (step.Recipes is { } recipes)
        {
            payload.AddJson("recipes", StepJson.Parse(recipes));
        }

        return new EventDraft("task.created", payload) { ActorId = Actor, Timestamp = step.CreatedAt };
    }

    public static EventDraft Claimed(StepRow step) => Draft(
        "attempt.created",
        step,
        Attempt(step)
            .Add("node_id", AttemptId.Of(step.StepId, step.Attempts))
            .Add("node_type", "Attempt")
            .Add("pod_id", step.ClaimedBy)
            .Add("fence", step.Fence)
            .Add("status", "created")
            .Add("created_at", step.UpdatedAt));

    public static EventDraft Started(StepRow step) =>
        Draft("attempt.started", step, Attempt(step).Add("status", "running"));

    public static EventDraft Succeeded(StepRow step, StepOutcome outcome, RunFacts facts) => Draft(
        "attempt.succeeded",
        step,
        Facts(Attempt(step), facts).Add("status", "succeeded").Add("detail", outcome.Detail));

    public static EventDraft Failed(StepRow step, StepOutcome outcome, RunFacts facts)
    {
        var willRetry = step.Status == Status.Pending;
        var payload = Facts(Attempt(step), facts)
            .Add("status", "failed")
            .Add("detail", outcome.Detail)
            .Add("failure_reason", outcome.FailureReason ?? "failed")
            .Add("will_retry", willRetry)
            .Add("retry_count", step.RetryCount)
            .Add("not_before", step.NotBefore)
            .AddList("matched_hint_ids", outcome.MatchedHintIds);
        if (willRetry && outcome.Recipes is { Count: > 0 } && step.Recipes is { } recipes)
        {
            payload.AddJson("recipes", StepJson.Parse(recipes));
        }

        return Draft("attempt.failed", step, payload);
    }

    /// <summary>The attempt counts for nothing: the step was cancelled, or its pod gave it back.</summary>
    public static EventDraft Invalidated(StepRow step, string detail) => Draft(
        "attempt.invalidated",
        step,
        Attempt(step).Add("status", "invalidated").Add("detail", detail).Add("requeued", step.Status == Status.Pending));

    public static EventDraft Cancelled(StepRow step) => Draft(
        "task.updated",
        step,
        Wheel(step).Add("task_id", step.StepId).Add("status", "cancelled").Add("detail", step.Detail));

    /// <summary>Says for those who watch builds that one was cancelled; null for a step that is none.</summary>
    /// <param name="from">The status it had.</param>
    /// <param name="actor">Who cancelled it.</param>
    public static EventDraft? BuildCancelled(StepRow step, string from, string actor) => BuildId.IsBuild(step)
        ? Draft(
            "build.cancelled",
            step,
            new EventPayload().Add("build_id", step.BuildId).Add("task_id", step.StepId).Add("from_status", from).Add("detail", step.Detail)) with { ActorId = actor }
        : null;

    /// <summary>A step that had ended waits again, with all its retries.</summary>
    /// <param name="from">The status with which it had ended.</param>
    public static EventDraft Replayed(StepRow step, string from) => Draft(
        "task.updated",
        step,
        Wheel(step).Add("task_id", step.StepId).Add("status", Status.Pending).Add("from_status", from).Add("retry_count", step.RetryCount).Add("detail", step.Detail));

    public static EventDraft ArtifactMade(StepRow step, StepArtifact artifact) => Draft(
        "artifact.created",
        step,
        Wheel(step)
            .Add("node_id", $"artifact-{artifact.Sha256}")
            .Add("node_type", "Artifact")
            .Add("attempt_id", AttemptId.Of(step.StepId, step.Attempts))
            .Add("task_id", step.StepId)
            .Add("artifact_type", artifact.Kind)
            .Add("file_name", artifact.FileName)
            .Add("sha256", artifact.Sha256)
            .Add("size_bytes", artifact.SizeBytes)
            .Add("source_sha256", artifact.SourceSha256));

    private static EventDraft Draft(string type, StepRow step, EventPayload payload) =>
        new(type, payload) { ActorId = step.ClaimedBy ?? Actor, Timestamp = step.UpdatedAt };

    private static EventPayload Attempt(StepRow step) => Wheel(step)
        .Add("attempt_id", AttemptId.Of(step.StepId, step.Attempts))
        .Add("task_id", step.StepId)
        .Add("attempt_number", step.Attempts);

    private static EventPayload Facts(EventPayload payload, RunFacts facts) => payload
        .Add("duration_ms", facts.DurationMs)
        .Add("log_sha256", facts.Log?.Sha256)
        .Add("log_size_bytes", facts.Log?.SizeBytes);

    /// <summary>What every event of a build repeats, so that no projection needs a look-up.</summary>
    private static EventPayload Wheel(StepRow step) => step.Type == StepTypes.WheelBuild
        ? Wheel(step, StepJson.Parse(step.Args), StepJson.Parse(step.Metadata))
        : Other(step);

    private static EventPayload Wheel(StepRow step, JsonElement args, JsonElement metadata) => step.Type == StepTypes.WheelBuild
        ? new EventPayload()
            .Add("build_id", step.BuildId)
            .Add("package", args.TextMember("package"))
            .Add("version", args.TextMember("version"))
            .Add("python_tag", args.TextMember("python_tag"))
            .Add("platform_tag", args.TextMember("platform_tag"))
            .Add("run_id", metadata.TextMember("run_id"))
        : Other(step);

    private static EventPayload Other(StepRow step) => new EventPayload().Add("build_id", BuildId.IsBuild(step) ? step.BuildId : null);
}
