using Refinery.Kernel.Storage;

namespace Refinery.Graph;

/// <summary>The tables <c>nodes</c>, <c>node_events</c> and <c>node_mentions</c>: which nodes there are and where their events stand in the journal.</summary>
internal static class NodeStore
{
    /// <summary>Makes nodes that are not there.</summary>
    /// <param name="nodes">Each id once.</param>
    public static Task InsertAsync(SqlSession sql, IReadOnlyCollection<NodeRow> nodes) => sql.ChangeEachAsync(
        "INSERT INTO nodes (node_id, node_type, sequence, happened_at) VALUES (@NodeId, @NodeType, @Sequence, @HappenedAt)", nodes);

    /// <summary>Those of some nodes that are there, in any order.</summary>
    public static Task<IReadOnlyList<NodeRow>> ListAsync(SqlSession sql, IReadOnlyCollection<NodeKey> nodes) => sql.QueryAllAsync(
        row => new NodeRow { NodeId = row.Text(0), NodeType = row.Text(1), Sequence = row.Whole(2), HappenedAt = row.Instant(3) },
        "SELECT node_id, node_type, sequence, happened_at FROM nodes WHERE node_id = @NodeId",
        nodes);

    /// <summary>Lets nodes be older than they were.</summary>
    /// <param name="nodes">Each id once.</param>
    public static Task BackdateAsync(SqlSession sql, IReadOnlyCollection<NodeRow> nodes) => sql.ExecuteAllAsync(
        "UPDATE nodes SET happened_at = @HappenedAt WHERE node_id = @NodeId", nodes);

    /// <summary>Adds events to nodes that exist or may yet come.</summary>
    public static Task AddEventsAsync(SqlSession sql, IReadOnlyCollection<NodeEvent> events) => sql.ExecuteAllAsync(
        "INSERT INTO node_events (node_id, sequence) VALUES (@NodeId, @Sequence) ON CONFLICT (node_id, sequence) DO NOTHING", events);

    /// <summary>Adds events that are listed with nodes and tell nothing of them.</summary>
    public static Task AddMentionsAsync(SqlSession sql, IReadOnlyCollection<NodeEvent> events) => sql.ExecuteAllAsync(
        "INSERT INTO node_mentions (node_id, sequence) VALUES (@NodeId, @Sequence) ON CONFLICT (node_id, sequence) DO NOTHING", events);

    /// <summary>A node, or null.</summary>
    public static Task<NodeRow?> FindAsync(SqlSession sql, string nodeId) => sql.FirstOrDefaultAsync<NodeRow>(
        "SELECT node_id, node_type, sequence, happened_at FROM nodes WHERE node_id = @NodeId", new { NodeId = nodeId });

    /// <summary>The sequences below one of the events that tell of a node beside the one that made it, newest first.</summary>
    public static Task<IReadOnlyList<long>> ListEventsAsync(SqlSession sql, string nodeId, long before, int limit) => sql.QueryAsync<long>(
        "SELECT sequence FROM node_events WHERE node_id = @NodeId AND sequence < @Before ORDER BY sequence DESC LIMIT @Limit",
        new { NodeId = nodeId, Before = before, Limit = limit });

    /// <summary>The sequences of the events that only name a node, newest first.</summary>
    public static Task<IReadOnlyList<long>> ListMentionsAsync(SqlSession sql, string nodeId, int limit) => sql.QueryAsync<long>(
        "SELECT sequence FROM node_mentions WHERE node_id = @NodeId ORDER BY sequence DESC LIMIT @Limit", new { NodeId = nodeId, Limit = limit });

    /// <summary>Nodes of a type that had been made by an instant, oldest first.</summary>
    public static Task<IReadOnlyList<NodeRow>> ListAsync(SqlSession sql, string nodeType, DateTimeOffset until, (int Limit, int Offset) page) => sql.QueryAsync<NodeRow>(
        """
        SELECT node_id, node_type, sequence, happened_at FROM nodes
        WHERE node_type = @NodeType AND happened_at <= @Until ORDER BY sequence LIMIT @Limit OFFSET @Offset
        """,
        new { NodeType = nodeType, Until = until, page.Limit, page.Offset });

    /// <summary>How many nodes of each type had been made by an instant.</summary>
    public static Task<IReadOnlyList<TypeCount>> CountAsync(SqlSession sql, DateTimeOffset until) => sql.QueryAsync<TypeCount>(
        "SELECT node_type AS type, COUNT(*) AS count FROM nodes WHERE happened_at <= @Until GROUP BY node_type", new { Until = until });

    /// <summary>Empties the tables.</summary>
    public static async Task ResetAsync(SqlSession sql)
    {
        await sql.ExecuteAsync("DELETE FROM nodes");
        await sql.ExecuteAsync("DELETE FROM node_events");
        await sql.ExecuteAsync("DELETE FROM node_mentions");
    }
}

/// <summary>A row of <c>nodes</c>.</summary>
internal sealed record NodeRow
{
    public required string NodeId { get; init; }
    public required string NodeType { get; init; }

    /// <summary>Of the first to come of the events that made it.</summary>
    public required long Sequence { get; init; }

    /// <summary>When the earliest of them happened.</summary>
    public required DateTimeOffset HappenedAt { get; init; }
}

/// <summary>The id of a node.</summary>
internal sealed record NodeKey(string NodeId);

/// <summary>An event of a node.</summary>
internal sealed record NodeEvent(string NodeId, long Sequence);

/// <summary>How many there are of a type.</summary>
internal sealed record TypeCount
{
    public required string Type { get; init; }
    public required long Count { get; init; }
}
