using System.Collections.Frozen;

namespace Refinery.Graph;

/// <summary>The event types that tell of each type of node; every other type changes no node.</summary>
/// <remarks>Source: docs/spec/event-graph.md, "What events make".</remarks>
internal static class EventTypes
{
    public static FrozenSet<string> Target { get; } = Of("target.registered", "target.updated");

    public static FrozenSet<string> Task { get; } = Of("task.created", "task.updated", "task.completed");

    public static FrozenSet<string> Attempt { get; } = Of("attempt.created", "attempt.started", "attempt.succeeded", "attempt.failed", "attempt.invalidated");

    public static FrozenSet<string> Artifact { get; } = Of("artifact.created");

    public static FrozenSet<string> PullRequest { get; } = Of("pr.created", "pr.merged");

    private static FrozenSet<string> Of(params string[] types) => types.ToFrozenSet(StringComparer.Ordinal);
}
