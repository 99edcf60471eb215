using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Web;

namespace Refinery.Graph;

/// <summary>Folds the events of a node into what it is.</summary>
/// <remarks>
/// Events count in the order in which they happened, whenever they came; of the same instant the earlier in the journal first. An
/// attempt's status never goes back: created, then running, then an end. Source: docs/spec/event-graph.md, "What events make".
/// </remarks>
internal static class NodeFold
{
    private static readonly string[] Identity = ["node_id", "node_type"];

    /// <summary>The node as its events tell it.</summary>
    /// <param name="events">All that tell of it; others of the same attempt are passed over.</param>
    public static GraphNode Fold(NodeRow node, IEnumerable<JournalEvent> events)
    {
        var properties = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        var told = events.OrderBy(link => link.Timestamp).ThenBy(link => link.Sequence).Where(link => TellsOf(node, link)).ToList();
        var maker = told.Find(link => Makes(node, link));
        foreach (var (name, value) in told.SelectMany(link => Members(node, link, isMaker: link.Sequence == maker?.Sequence)))
        {
            if (!GoesBack(node, properties, name, value))
            {
                properties[name] = value;
            }
        }

        return new GraphNode(node.NodeId, node.NodeType, properties);
    }

    private static bool GoesBack(NodeRow node, SortedDictionary<string, JsonElement> properties, string name, JsonElement value) =>
        node.NodeType == NodeType.Attempt && name == "status" && properties.TryGetValue(name, out var before) && Rank(value) < Rank(before);

    private static bool TellsOf(NodeRow node, JournalEvent link) => node.NodeType switch
    {
        NodeType.Target => EventTypes.Target.Contains(link.EventType) || MakesOwnTarget(node, link),
        NodeType.Task => EventTypes.Task.Contains(link.EventType) || OwnTask.Of(link) == node.NodeId,
        NodeType.Attempt => EventTypes.Attempt.Contains(link.EventType),
        NodeType.Artifact => EventTypes.Artifact.Contains(link.EventType),
        _ => EventTypes.PullRequest.Contains(link.EventType),
    };

    /// <summary>Whether an event makes the node; of several the earliest does, whichever came first.</summary>
    private static bool Makes(NodeRow node, JournalEvent link) => node.NodeType switch
    {
        NodeType.Target => link.EventType == "target.registered" || MakesOwnTarget(node, link),
        NodeType.Task => link.EventType == "task.created",
        NodeType.Attempt => link.EventType == "attempt.created",
        NodeType.Artifact => link.EventType == "artifact.created",
        _ => link.EventType == "pr.created",
    };

    private static bool MakesOwnTarget(NodeRow node, JournalEvent link) =>
        link.EventType == "task.created" && GraphFacts.OwnTarget(link) == node.NodeId;

    private static List<(string Name, JsonElement Value)> Members(NodeRow node, JournalEvent link, bool isMaker)
    {
        if (node.NodeType == NodeType.Target && MakesOwnTarget(node, link))
        {
            return isMaker ? [("created_at", Text(link.TimestampText)), ("name", link.Payload.ToElement().GetProperty("package")), ("target_id", Text(node.NodeId))] : [];
        }

        if (node.NodeType != NodeType.Task || OwnTask.Status(link) is not { } status)
        {
            return Told(link, isMaker);
        }

        return EventTypes.Task.Contains(link.EventType)
            ? [.. Told(link, isMaker).Where(member => member.Name != "status"), ("status", Text(status))]
            : [("status", Text(status))];
    }

    /// <summary>What the payload says, and what goes without saying.</summary>
    private static List<(string Name, JsonElement Value)> Told(JournalEvent link, bool isMaker)
    {
        var members = link.Payload.ToElement().EnumerateObject()
            .Where(member => !Identity.Contains(member.Name, StringComparer.Ordinal))
            .Select(member => (member.Name, member.Value))
            .ToList();
        if (isMaker && !members.Exists(member => member.Name == "created_at"))
        {
            members.Add(("created_at", Text(link.TimestampText)));
        }

        if (ImpliedStatus(link.EventType) is { } status && !members.Exists(member => member.Name == "status"))
        {
            members.Add(("status", Text(status)));
        }

        return members;
    }

    /// <summary>What an event's type says about the status where its payload says nothing.</summary>
    private static string? ImpliedStatus(string eventType) => eventType switch
    {
        "attempt.created" => "created",
        "attempt.started" => "running",
        "attempt.succeeded" => "succeeded",
        "attempt.failed" => "failed",
        "attempt.invalidated" => "invalidated",
        "task.completed" => "completed",
        _ => null,
    };

    private static int Rank(JsonElement status) => status.ValueKind != JsonValueKind.String ? 0 : status.GetString() switch
    {
        "created" or "pending" or "queued" => 0,
        "running" or "started" => 1,
        _ => 2,
    };

    private static JsonElement Text(string value) => JsonSerializer.SerializeToElement(value, RefineryJson.Options);
}
