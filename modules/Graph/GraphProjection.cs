using System.Runtime.InteropServices;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Graph;

/// <summary>Writes the nodes, edges and counts that follow from the journal.</summary>
internal sealed class GraphProjection : IProjection
{
    /// <inheritdoc />
    public string Name => "graph";

    /// <summary>The graph is made of everybody's events.</summary>
    public bool TakesOthers => true;

    /// <inheritdoc />
    public async Task ResetAsync(SqlSession sql)
    {
        await NodeStore.ResetAsync(sql);
        await EdgeStore.ResetAsync(sql);
        await PlanEdgeStore.ResetAsync(sql);
        await GraphCountStore.ResetAsync(sql);
        await GraphSpanStore.ResetAsync(sql);
    }

    /// <inheritdoc />
    public async Task ApplyAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        var facts = events.Select(link => (Link: link, Facts: GraphFacts.Of(link))).ToList();
        var counts = new Dictionary<(string Kind, string Type), long>();
        var told = await KeepNodesAsync(sql, facts, counts);
        await KeepEdgesAsync(sql, facts, counts);
        await NodeStore.AddEventsAsync(sql, [.. told, .. facts.SelectMany(fact => fact.Facts.Touched, (fact, nodeId) => new NodeEvent(nodeId, fact.Link.Sequence))]);
        await NodeStore.AddMentionsAsync(
            sql, [.. from fact in facts where fact.Facts.Mentioned is not null select new NodeEvent(fact.Facts.Mentioned!, fact.Link.Sequence)]);

        foreach (var ((kind, type), count) in counts)
        {
            await GraphCountStore.AddAsync(sql, kind, type, count);
        }

        await RecentEvents.MarkAsync(sql, events);
    }

    /// <summary>Makes the nodes that are not there.</summary>
    /// <returns>The events that tell of those that are.</returns>
    private static async Task<IReadOnlyList<NodeEvent>> KeepNodesAsync(
        SqlSession sql, List<(JournalEvent Link, GraphFacts Facts)> facts, Dictionary<(string Kind, string Type), long> counts)
    {
        var made = facts.SelectMany(fact => fact.Facts.Nodes.Select((node, index) => MadeNode.Of(node, fact.Link, isSubject: index == 0))).ToList();
        var known = new List<MadeNode>();
        foreach (var (node, inserted) in made.Zip(await NodeStore.InsertAsync(sql, [.. made.Select(node => node.Row)])))
        {
            if (inserted > 0)
            {
                Count(counts, GraphCountStore.Nodes, node.Row.NodeType);
            }
            else
            {
                known.Add(node);
            }
        }

        var backdated = await NodeStore.BackdateAsync(sql, [.. known.Select(node => node.Row)]);
        return [.. known.Zip(backdated).Where(pair => pair.Second > 0 || pair.First.IsSubject).Select(pair => new NodeEvent(pair.First.Row.NodeId, pair.First.Row.Sequence))];
    }

    private static async Task KeepEdgesAsync(
        SqlSession sql, List<(JournalEvent Link, GraphFacts Facts)> facts, Dictionary<(string Kind, string Type), long> counts)
    {
        var edges = new List<NewEdge>();
        foreach (var (link, fact) in facts)
        {
            edges.AddRange(fact.Edges);
            edges.AddRange(await TaskEdges.KeepAsync(sql, link));
        }

        var known = new List<NewEdge>();
        foreach (var (edge, inserted) in edges.Zip(await EdgeStore.InsertAsync(sql, edges)))
        {
            if (inserted > 0)
            {
                Count(counts, GraphCountStore.Edges, edge.EdgeType);
            }
            else
            {
                known.Add(edge);
            }
        }

        await EdgeStore.BackdateAsync(sql, known);
    }

    private static void Count(Dictionary<(string Kind, string Type), long> counts, string kind, string type) =>
        CollectionsMarshal.GetValueRefOrAddDefault(counts, (kind, type), out _)++;

    /// <summary>A node that an event makes unless it is there.</summary>
    /// <param name="IsSubject">True when the event is about it, and so tells of it if it is there.</param>
    private sealed record MadeNode(NodeRow Row, bool IsSubject)
    {
        public static MadeNode Of(NewNode node, JournalEvent link, bool isSubject) =>
            new(new NodeRow { NodeId = node.NodeId, NodeType = node.NodeType, Sequence = link.Sequence, HappenedAt = link.Timestamp }, isSubject);
    }
}
