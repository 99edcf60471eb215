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
        var counts = new Dictionary<(string Kind, string Type), long>();
        foreach (var link in events)
        {
            await ApplyAsync(sql, link, counts);
        }

        // In a fixed order, so that hosts that count at once take the rows' locks in the same order.
        foreach (var ((kind, type), count) in counts.OrderBy(pair => $"{pair.Key.Kind} {pair.Key.Type}", StringComparer.Ordinal))
        {
            await GraphCountStore.AddAsync(sql, kind, type, count);
        }

        await RecentEvents.MarkAsync(sql, events);
    }

    private static async Task ApplyAsync(SqlSession sql, JournalEvent link, Dictionary<(string Kind, string Type), long> counts)
    {
        var facts = GraphFacts.Of(link);
        for (var index = 0; index < facts.Nodes.Count; index++)
        {
            var node = facts.Nodes[index];
            if (await NodeStore.InsertAsync(sql, node, link) > 0)
            {
                Count(counts, GraphCountStore.Nodes, node.NodeType);
            }
            else if (await NodeStore.BackdateAsync(sql, node, link) > 0 || index == 0)
            {
                await NodeStore.AddEventAsync(sql, node.NodeId, link.Sequence);
            }
        }

        foreach (var edge in facts.Edges.Concat(await TaskEdges.KeepAsync(sql, link)))
        {
            if (await EdgeStore.InsertAsync(sql, edge) > 0)
            {
                Count(counts, GraphCountStore.Edges, edge.EdgeType);
            }
            else
            {
                await EdgeStore.BackdateAsync(sql, edge);
            }
        }

        foreach (var nodeId in facts.Touched)
        {
            await NodeStore.AddEventAsync(sql, nodeId, link.Sequence);
        }

        if (facts.Mentioned is { } mentioned)
        {
            await NodeStore.AddMentionAsync(sql, mentioned, link.Sequence);
        }
    }

    private static void Count(Dictionary<(string Kind, string Type), long> counts, string kind, string type) =>
        CollectionsMarshal.GetValueRefOrAddDefault(counts, (kind, type), out _)++;
}
