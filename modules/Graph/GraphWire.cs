using System.Text.Json;
using System.Text.Json.Serialization;

namespace Refinery.Graph;

/// <summary>A node as it is answered.</summary>
/// <param name="Properties">All that its events told of it, by name.</param>
internal sealed record GraphNode(string NodeId, string NodeType, IReadOnlyDictionary<string, JsonElement> Properties);

/// <summary>An edge as it is answered.</summary>
internal sealed record GraphEdge(string Source, string EdgeType, string Target);

/// <summary>What the graph holds, and what happened last.</summary>
/// <param name="RecentEvents">The newest 20, newest first.</param>
internal sealed record GraphSummary(
    IReadOnlyDictionary<string, long> NodesByType, IReadOnlyDictionary<string, long> EdgesByType, IReadOnlyList<RecentEvent> RecentEvents);

/// <summary>An event in a summary.</summary>
/// <param name="Timestamp">As it was sent.</param>
internal sealed record RecentEvent(
    string EventId,
    string Timestamp,
    string EventType,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? ActorId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Target,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? AttemptId);

/// <summary>All that is known of an attempt; of one nobody has heard of, null and empty lists.</summary>
internal sealed record AttemptAnswer(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] GraphNode? AttemptNode,
    IReadOnlyList<EventAnswer> Events,
    IReadOnlyList<GraphNode> Artifacts);

/// <summary>An event as it is answered.</summary>
/// <param name="Timestamp">As it was sent.</param>
internal sealed record EventAnswer(
    string EventId,
    string EventType,
    string Timestamp,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? ActorId,
    JsonElement Payload);

/// <summary>A node with its edges.</summary>
internal sealed record NodeAnswer(GraphNode Node, IReadOnlyList<GraphEdge> Edges);

/// <summary>Nodes around a node.</summary>
/// <param name="IsCut">True when there are more than are answered.</param>
internal sealed record Neighbourhood(IReadOnlyList<GraphNode> Nodes, IReadOnlyList<GraphEdge> Edges, bool IsCut);

/// <summary>A page of the nodes of a type.</summary>
/// <param name="Total">How many of the type there are now.</param>
internal sealed record NodePage(IReadOnlyList<GraphNode> Items, long Total);
