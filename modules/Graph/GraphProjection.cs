using System.Runtime.InteropServices;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Graph;

/// <summary>Writes the nodes, edges and counts that follow from the journal.</summary>
/// <remarks>
/// A step of ours and its attempts are believed to be new, and with them what goes out of them: their ids are made here. Where a stranger's event
/// has used one before, the unit is refused and runs again, and asks for them like for all others.
/// </remarks>
internal sealed class GraphProjection : IProjection
{
    /// <summary>A span that is in the table, at this age or older, as of a sequence. Used by the writer alone.</summary>
    private (GraphSpan Span, long Sequence)? kept;

    /// <inheritdoc />
    public string Name => "graph";

    /// <summary>The graph is made of everybody's events.</summary>
    public bool TakesOthers => true;

    /// <inheritdoc />
    public async Task ResetAsync(SqlSession sql)
    {
        kept = null;
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
        var made = facts.SelectMany(fact => fact.Facts.Nodes.Select((node, index) => MadeNode.Of(node, fact.Link, isSubject: index == 0))).ToList();
        var drawn = await DrawAsync(sql, facts);
        var believed = sql.AsksFirst ? [] : made.Where(node => node.IsOurs).Select(node => node.Row.NodeId).ToHashSet(StringComparer.Ordinal);
        var there = await sql.TogetherAsync(() => (
            Nodes: NodeStore.ListAsync(sql, [.. made.Where(node => !believed.Contains(node.Row.NodeId)).Select(node => new NodeKey(node.Row.NodeId)).Distinct()]),
            Edges: EdgeStore.ListAsync(sql, [.. drawn.Keys.Where(edge => !believed.Contains(edge.Source))])));
        var counts = new Dictionary<(string Kind, string Type), long>();
        var told = await KeepNodesAsync(sql, made, await there.Nodes, counts);
        await KeepEdgesAsync(sql, drawn, await there.Edges, counts);
        await NodeStore.AddEventsAsync(sql, [.. told, .. facts.SelectMany(fact => fact.Facts.Touched, (fact, nodeId) => new NodeEvent(nodeId, fact.Link.Sequence))]);
        await NodeStore.AddMentionsAsync(
            sql, [.. from fact in facts where fact.Facts.Mentioned is not null select new NodeEvent(fact.Facts.Mentioned!, fact.Link.Sequence)]);

        await GraphCountStore.AddAsync(sql, [.. counts.Select(one => new GraphCount(one.Key.Kind, one.Key.Type, one.Value))]);
        await KeepSpansAsync(sql, events);
    }

    /// <summary>Keeps where events of the graph stand; most groups stand in the span of the one before, which need not be kept again.</summary>
    private async Task KeepSpansAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        // Where the journal has lost its end, as a standby may that takes over, the table has too.
        var known = kept is { } last && last.Sequence < events[0].Sequence ? last.Span : null;
        var spans = RecentEvents.SpansOf(events).Where(span => span.Span != known?.Span || span.HappenedAt < known.HappenedAt).ToList();
        await GraphSpanStore.PutAsync(sql, spans);
        if ((spans is [.., var newest] ? newest : known) is { } believed)
        {
            var sequence = events[^1].Sequence;
            sql.AfterCommit(() => kept = (believed, sequence));
        }
    }

    /// <summary>Makes the nodes that are not there, and lets the others be as old as what makes them too.</summary>
    /// <returns>The events that tell of a node beside the one that made it.</returns>
    private static async Task<IReadOnlyList<NodeEvent>> KeepNodesAsync(
        SqlSession sql, List<MadeNode> made, IReadOnlyList<NodeRow> stored, Dictionary<(string Kind, string Type), long> counts)
    {
        var there = stored.ToDictionary(node => node.NodeId, StringComparer.Ordinal);
        var (fresh, told, older) = (new List<NodeRow>(), new List<NodeEvent>(), new Dictionary<string, NodeRow>(StringComparer.Ordinal));
        foreach (var (row, isSubject, _) in made)
        {
            if (!there.TryGetValue(row.NodeId, out var known))
            {
                there.Add(row.NodeId, row);
                fresh.Add(row);
                Count(counts, GraphCountStore.Nodes, row.NodeType);
                continue;
            }

            var isOlder = known.NodeType == row.NodeType && known.HappenedAt > row.HappenedAt;
            if (isOlder)
            {
                there[row.NodeId] = older[row.NodeId] = known with { HappenedAt = row.HappenedAt };
            }

            if (isOlder || isSubject)
            {
                told.Add(new NodeEvent(row.NodeId, row.Sequence));
            }
        }

        await NodeStore.InsertAsync(sql, fresh);
        await NodeStore.BackdateAsync(sql, older.Values);
        return told;
    }

    /// <summary>The edges that follow from the events, each as old as the oldest of what draws it.</summary>
    private static async Task<Dictionary<EdgeRow, NewEdge>> DrawAsync(SqlSession sql, List<(JournalEvent Link, GraphFacts Facts)> facts)
    {
        var edges = new Dictionary<EdgeRow, NewEdge>();
        foreach (var (link, fact) in facts)
        {
            foreach (var edge in fact.Edges.Concat(await TaskEdges.KeepAsync(sql, link)))
            {
                if (!edges.TryGetValue(edge.ToRow(), out var other) || other.HappenedAt > edge.HappenedAt)
                {
                    edges[edge.ToRow()] = edge;
                }
            }
        }

        return edges;
    }

    private static async Task KeepEdgesAsync(
        SqlSession sql, Dictionary<EdgeRow, NewEdge> edges, IReadOnlyList<EdgeRow> stored, Dictionary<(string Kind, string Type), long> counts)
    {
        var there = stored.ToHashSet();
        var fresh = edges.Where(edge => !there.Contains(edge.Key)).Select(edge => edge.Value).ToList();
        await EdgeStore.InsertAsync(sql, fresh);
        await EdgeStore.BackdateAsync(sql, [.. there.Select(edge => edges[edge])]);
        fresh.ForEach(edge => Count(counts, GraphCountStore.Edges, edge.EdgeType));
    }

    private static void Count(Dictionary<(string Kind, string Type), long> counts, string kind, string type) =>
        CollectionsMarshal.GetValueRefOrAddDefault(counts, (kind, type), out _)++;

    /// <summary>A node that an event makes unless it is there.</summary>
    /// <param name="IsSubject">True when the event is about it, and so tells of it if it is there.</param>
    /// <param name="IsOurs">True for a step of ours, or an attempt of one.</param>
    private sealed record MadeNode(NodeRow Row, bool IsSubject, bool IsOurs)
    {
        public static MadeNode Of(NewNode node, JournalEvent link, bool isSubject) => new(
            new NodeRow { NodeId = node.NodeId, NodeType = node.NodeType, Sequence = link.Sequence, HappenedAt = link.Timestamp },
            isSubject,
            IsOurs: link.Target is null && node.NodeType is (NodeType.Task or NodeType.Attempt));
    }
}
