using Refinery.Kernel.Journal;

namespace Refinery.Graph;

/// <summary>The tasks that are steps of our own: their events say nothing of a task's status, which follows from what became of its attempts.</summary>
/// <remarks>Strangers say their tasks' status themselves. Source: docs/spec/event-graph.md, "What events make".</remarks>
internal static class OwnTask
{
    /// <summary>The task that an event of an attempt of ours tells of; null for any other event.</summary>
    public static string? Of(JournalEvent link) => link.Target is null && EventTypes.Attempt.Contains(link.EventType)
        ? link.Payload.TextMember("task_id")
        : null;

    /// <summary>What an event of ours says about the status of its task; null when nothing.</summary>
    public static string? Status(JournalEvent link) => link.Target is not null ? null : link.EventType switch
    {
        "task.created" => "pending",
        "attempt.created" or "attempt.started" => "in_progress",
        "attempt.succeeded" => "completed",
        "attempt.failed" => link.Payload.IsTrue("will_retry") ? "pending" : "failed",
        "attempt.invalidated" => link.Payload.IsTrue("requeued") ? "pending" : "blocked",
        "task.updated" when link.Payload.TextMember("status") == "cancelled" => "blocked",
        _ => null,
    };
}
