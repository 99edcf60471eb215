using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;

namespace Refinery.Graph;

/// <summary>Answers from the graph, as it is or as it was at an instant.</summary>
internal sealed class GraphReader(Database database)
{
    private const int MostEvents = 10_000;
    private const int MostNeighbours = 500;

    /// <param name="at">Null is now.</param>
    public Task<GraphSummary> SummariseAsync(DateTimeOffset? at, CancellationToken cancellationToken) => database.ReadAsync(
        async sql => new GraphSummary(
            Sorted(at is { } then ? await NodeStore.CountAsync(sql, then) : await GraphCountStore.ListAsync(sql, GraphCountStore.Nodes)),
            Sorted(at is { } when ? await EdgeStore.CountAsync(sql, when) : await GraphCountStore.ListAsync(sql, GraphCountStore.Edges)),
            await RecentEvents.ListAsync(sql, at ?? DateTimeOffset.MaxValue)),
        cancellationToken);

    public Task<AttemptAnswer> FindAttemptAsync(string attemptId, CancellationToken cancellationToken) => database.ReadAsync(
        async sql =>
        {
            var node = await NodeStore.FindAsync(sql, attemptId);
            var told = await NodeEvents.SequencesAsync(sql, attemptId, node, MostEvents);
            var listed = told.Concat(await NodeStore.ListMentionsAsync(sql, attemptId, MostEvents)).Distinct().OrderDescending().Take(MostEvents).Order();
            var events = await EventJournal.ListAsync(sql, listed);
            var produced = await EdgeStore.ListFromAsync(sql, attemptId, DateTimeOffset.MaxValue, MostNeighbours);
            var nodes = await NodesAsync(sql, produced.Where(edge => edge.EdgeType == EdgeType.Produced).Select(edge => edge.Target), DateTimeOffset.MaxValue);
            return new AttemptAnswer(
                node is { NodeType: NodeType.Attempt } ? NodeFold.Fold(node, await EventsAsync(sql, node, DateTimeOffset.MaxValue)) : null,
                [.. events.Where(link => link.Payload.TextMember("attempt_id") == attemptId).Select(Answer)],
                [.. nodes.Where(made => made.NodeType == NodeType.Artifact)]);
        },
        cancellationToken);

    /// <summary>A node with its edges; null when there is none, or was none yet.</summary>
    public Task<NodeAnswer?> FindAsync(string nodeId, DateTimeOffset at, CancellationToken cancellationToken) => database.ReadAsync(
        async sql => await NodeAsync(sql, nodeId, at) is { } node
            ? new NodeAnswer(node, [.. (await EdgesAsync(sql, [nodeId], at)).Select(Answer)])
            : null,
        cancellationToken);

    public Task<NodePage> ListAsync(string nodeType, DateTimeOffset? at, Page page, CancellationToken cancellationToken) => database.ReadAsync(
        async sql =>
        {
            var until = at ?? DateTimeOffset.MaxValue;
            var rows = await NodeStore.ListAsync(sql, nodeType, until, (page.Limit, page.Offset));
            var counts = at is null ? await GraphCountStore.ListAsync(sql, GraphCountStore.Nodes) : await NodeStore.CountAsync(sql, until);
            return new NodePage(
                await NodesAsync(sql, rows.Select(row => row.NodeId), until),
                counts.FirstOrDefault(count => count.Type == nodeType)?.Count ?? 0);
        },
        cancellationToken);

    /// <summary>The nodes within so many edges of a node, whichever way these point; null when there is no such node.</summary>
    public Task<Neighbourhood?> SurroundAsync(string nodeId, int depth, DateTimeOffset at, CancellationToken cancellationToken) => database.ReadAsync(
        async sql =>
        {
            if (await NodeAsync(sql, nodeId, at) is null)
            {
                return null;
            }

            List<string> reached = [nodeId];
            var edges = new HashSet<EdgeRow>();
            var ringBegins = 0;
            for (var step = 0; step < depth && reached.Count < MostNeighbours; step++)
            {
                var drawn = await EdgesAsync(sql, reached[ringBegins..], at);
                ringBegins = reached.Count;
                edges.UnionWith(drawn);
                reached.AddRange(drawn.SelectMany(edge => new[] { edge.Source, edge.Target }).Except(reached, StringComparer.Ordinal).ToList());
            }

            var kept = reached.Take(MostNeighbours).ToHashSet(StringComparer.Ordinal);
            return new Neighbourhood(
                await NodesAsync(sql, reached.Take(MostNeighbours), at),
                [.. edges.Where(edge => kept.Contains(edge.Source) && kept.Contains(edge.Target)).Select(Answer)],
                reached.Count > MostNeighbours);
        },
        cancellationToken);

    /// <summary>The edges out of some nodes and into them.</summary>
    private static async Task<IReadOnlyList<EdgeRow>> EdgesAsync(SqlSession sql, IReadOnlyList<string> nodeIds, DateTimeOffset at)
    {
        var edges = new List<EdgeRow>();
        foreach (var nodeId in nodeIds)
        {
            edges.AddRange(await EdgeStore.ListFromAsync(sql, nodeId, at, MostNeighbours));
            edges.AddRange(await EdgeStore.ListIntoAsync(sql, nodeId, at, MostNeighbours));
        }

        return edges;
    }

    private static async Task<IReadOnlyList<GraphNode>> NodesAsync(SqlSession sql, IEnumerable<string> nodeIds, DateTimeOffset at)
    {
        var nodes = new List<GraphNode>();
        foreach (var nodeId in nodeIds)
        {
            if (await NodeAsync(sql, nodeId, at) is { } node)
            {
                nodes.Add(node);
            }
        }

        return nodes;
    }

    private static async Task<GraphNode?> NodeAsync(SqlSession sql, string nodeId, DateTimeOffset at) =>
        await NodeStore.FindAsync(sql, nodeId) is { } row && row.HappenedAt <= at
            ? NodeFold.Fold(row, await EventsAsync(sql, row, at))
            : null;

    /// <summary>The events that tell of a node and happened by an instant; of very many the newest.</summary>
    private static async Task<IReadOnlyList<JournalEvent>> EventsAsync(SqlSession sql, NodeRow row, DateTimeOffset at)
    {
        var sequences = await NodeEvents.SequencesAsync(sql, row.NodeId, row, MostEvents);
        var events = await EventJournal.ListAsync(sql, sequences.Distinct().Order());

        // What became of a task of ours is told by its attempts.
        var attempts = row.NodeType == NodeType.Task ? await NodeEvents.ListOwnAttemptsAsync(sql, row.NodeId) : [];
        return [.. events.Concat(attempts).Where(link => link.Timestamp <= at)];
    }

    private static EventAnswer Answer(JournalEvent link) => new(link.EventId, link.EventType, link.TimestampText, link.ActorId, link.Payload.ToElement());

    private static GraphEdge Answer(EdgeRow edge) => new(edge.Source, edge.EdgeType, edge.Target);

    private static SortedDictionary<string, long> Sorted(IReadOnlyList<TypeCount> counts) =>
        new(counts.ToDictionary(count => count.Type, count => count.Count, StringComparer.Ordinal), StringComparer.Ordinal);
}
