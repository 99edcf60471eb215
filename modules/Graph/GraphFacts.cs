using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Web;

namespace Refinery.Graph;

/// <summary>What one event says about the graph.</summary>
/// <param name="Nodes">Nodes it makes unless they exist, the one it is about first.</param>
/// <param name="Edges">Edges it draws unless they exist.</param>
/// <param name="Touched">Nodes that it tells more about, whether they exist yet or not.</param>
/// <param name="Mentioned">The attempt it is listed with and tells nothing about; null where there is none.</param>
/// <remarks>Source: docs/spec/event-graph.md, "What events make".</remarks>
internal sealed record GraphFacts(IReadOnlyList<NewNode> Nodes, IReadOnlyList<NewEdge> Edges, IReadOnlyList<string> Touched, string? Mentioned = null)
{
    private static readonly GraphFacts None = new([], [], []);

    /// <summary>Reads an event, which may be a stranger's, so that nothing in it is taken for granted.</summary>
    public static GraphFacts Of(JournalEvent link) => link.EventType switch
    {
        "target.registered" => Made(link, NodeType.Target, Id(link, "target_id")),
        "target.updated" => Told(Id(link, "target_id")),
        "task.created" => Task(link, Id(link, "task_id")),
        "task.updated" or "task.completed" => Told(Id(link, "task_id")),
        "attempt.created" => Attempt(link, Id(link, "attempt_id")),
        "artifact.created" => Produced(link, NodeType.Artifact, Id(link, "node_id") ?? Prefixed(link, "artifact", "sha256")),
        "pr.created" => Produced(link, NodeType.PullRequest, PullRequest(link)),
        "pr.merged" => Told(PullRequest(link)) with { Mentioned = Id(link, "attempt_id") },
        _ when EventTypes.Attempt.Contains(link.EventType) => Told(Id(link, "attempt_id")),
        _ => None with { Mentioned = Id(link, "attempt_id") },
    };

    /// <summary>The node of the package that a build of ours is for; null for another's event.</summary>
    public static string? OwnTarget(JournalEvent link) =>
        link.Target is null && Id(link, "package") is { } package ? $"package-{PackageName.Normalize(package)}" : null;

    private static GraphFacts Task(JournalEvent link, string? taskId)
    {
        if (taskId is null)
        {
            return None;
        }

        // Others register their targets; of ours, each package is one.
        var own = OwnTarget(link);
        NewNode[] nodes = own is null ? [new(taskId, NodeType.Task)] : [new(taskId, NodeType.Task), new(own, NodeType.Target)];
        return new GraphFacts(nodes, Edge(link, (taskId, own ?? Id(link, "target_id") ?? link.Target), EdgeType.DependsOn), []);
    }

    private static GraphFacts Attempt(JournalEvent link, string? attemptId) => attemptId is null
        ? None
        : new GraphFacts([new(attemptId, NodeType.Attempt)], Edge(link, (attemptId, Id(link, "task_id")), EdgeType.DependsOn), []);

    private static GraphFacts Produced(JournalEvent link, string type, string? nodeId)
    {
        var attemptId = Id(link, "attempt_id");
        return nodeId is null
            ? None with { Mentioned = attemptId }
            : new GraphFacts([new(nodeId, type)], Edge(link, (attemptId, nodeId), EdgeType.Produced), [], attemptId);
    }

    private static GraphFacts Made(JournalEvent link, string type, string? nodeId) =>
        (nodeId ?? Id(link, "node_id")) is { } id ? new GraphFacts([new(id, type)], [], []) : None;

    private static GraphFacts Told(string? nodeId) => nodeId is null ? None : new([], [], [nodeId]);

    private static NewEdge[] Edge(JournalEvent link, (string? Source, string? Target) ends, string type) =>
        ends is { Source: { } source, Target: { } target } ? [new(source, type, target, link.Timestamp)] : [];

    private static string? PullRequest(JournalEvent link) =>
        Id(link, "node_id") ?? Id(link, "pr_id") ?? Prefixed(link, "pr", "pr_number");

    /// <summary>A member as the second half of an id.</summary>
    private static string? Prefixed(JournalEvent link, string prefix, string name) => Id(link, name) is { } value ? $"{prefix}-{value}" : null;

    /// <summary>A member that may name something: a text that is not empty, or a whole number.</summary>
    private static string? Id(JournalEvent link, string name) =>
        link.Payload.TextMember(name) is { Length: > 0 } text ? text
        : link.Payload.Member(name, JsonValueKind.Number)?.GetRawText();
}

/// <summary>A node an event makes.</summary>
internal sealed record NewNode(string NodeId, string NodeType);

/// <summary>An edge an event draws.</summary>
/// <param name="HappenedAt">Since when it is there.</param>
internal sealed record NewEdge(string Source, string EdgeType, string Target, DateTimeOffset HappenedAt)
{
    /// <summary>The edge as it is found again.</summary>
    public EdgeRow ToRow() => new() { Source = Source, EdgeType = EdgeType, Target = Target };
}

/// <summary>The types of nodes.</summary>
internal static class NodeType
{
    public const string Target = "Target";
    public const string Task = "Task";
    public const string Attempt = "Attempt";
    public const string Artifact = "Artifact";
    public const string PullRequest = "PullRequest";
}

/// <summary>The types of edges.</summary>
internal static class EdgeType
{
    public const string DependsOn = "DEPENDS_ON";
    public const string Produced = "PRODUCED";
}
