using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Reads in an event of ours what it says of a step: the inverse of <see cref="StepEvents"/>.</summary>
internal static class StepReading
{
    /// <summary>The step that an event makes; null when it makes none.</summary>
    public static StepRow? Created(JournalEvent link)
    {
        var payload = link.Payload;
        if (link.EventType != "task.created" || payload.TextMember("task_id") is not { } stepId || payload.TextMember("step_type") is not { } type)
        {
            return null;
        }

        var (args, metadata) = (payload.Member("args", JsonValueKind.Object), payload.Member("metadata", JsonValueKind.Object));
        return new StepRow
        {
            StepId = stepId,
            BuildId = payload.TextMember("build_id") ?? BuildId.Of(stepId, new NewStep { Type = type, Args = args ?? default, Metadata = metadata }),
            Type = type,
            Status = Status.Pending,
            Priority = payload.WholeMember("priority") ?? 0,
            Rank = 0,
            Args = StepJson.Object(args).GetRawText(),
            Metadata = StepJson.Object(metadata).GetRawText(),
            Recipes = payload.Member("recipes", JsonValueKind.Object)?.GetRawText(),
            MaxRetries = payload.WholeMember("max_retries") ?? 0,
            RetryCount = 0,
            Attempts = 0,
            Fence = 0,
            NotBefore = When(payload, "not_before"),
            UniqueKey = payload.TextMember("unique_key"),
            Traceparent = payload.TextMember("traceparent"),
            Tracestate = payload.TextMember("tracestate"),
            CreatedAt = link.Timestamp,
            UpdatedAt = link.Timestamp,
        };
    }

    /// <summary>What an event changes in the step it names; null when it changes none.</summary>
    public static ToldStep? Changed(JournalEvent link)
    {
        var payload = link.Payload;
        if (payload.TextMember("task_id") is not { } stepId || StatusAfter(link.EventType, payload) is not { } status)
        {
            return null;
        }

        return new ToldStep
        {
            StepId = stepId,
            Status = status,
            ClaimedBy = status == Status.Pending || link.EventType == "task.updated" ? null : link.ActorId,
            NotBefore = status == Status.Pending ? When(payload, "not_before") : null,
            Attempts = payload.WholeMember("attempt_number"),
            Fence = payload.WholeMember("fence"),
            RetryCount = payload.WholeMember("retry_count"),
            Recipes = payload.Member("recipes", JsonValueKind.Object)?.GetRawText(),
            Detail = payload.TextMember("detail"),
            UpdatedAt = link.Timestamp,
        };
    }

    private static string? StatusAfter(string eventType, CanonicalObject payload) => eventType switch
    {
        "attempt.created" => Status.Claimed,
        "attempt.started" => Status.Running,
        "attempt.succeeded" => Status.Completed,
        "attempt.failed" => payload.IsTrue("will_retry") ? Status.Pending : Status.Failed,
        "attempt.invalidated" => payload.IsTrue("requeued") ? Status.Pending : Status.Cancelled,
        "task.updated" when payload.TextMember("status") is Status.Cancelled or Status.Pending => payload.TextMember("status"),
        _ => null,
    };

    private static DateTimeOffset? When(CanonicalObject payload, string name) =>
        payload.TextMember(name) is { } text ? Instant.Parse(text) : null;
}
