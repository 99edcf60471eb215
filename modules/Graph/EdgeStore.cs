using Refinery.Kernel.Storage;

namespace Refinery.Graph;

/// <summary>The table <c>edges</c>.</summary>
internal static class EdgeStore
{
    /// <summary>Draws edges that are not there.</summary>
    /// <param name="edges">Each once.</param>
    public static Task InsertAsync(SqlSession sql, IReadOnlyCollection<NewEdge> edges) => sql.ChangeEachAsync(
        "INSERT INTO edges (source, edge_type, target, happened_at) VALUES (@Source, @EdgeType, @Target, @HappenedAt)", edges);

    /// <summary>Those of some edges that are there, in any order.</summary>
    public static Task<IReadOnlyList<EdgeRow>> ListAsync(SqlSession sql, IReadOnlyCollection<EdgeRow> edges) => sql.QueryAllAsync(
        row => new EdgeRow { Source = row.Text(0), EdgeType = row.Text(1), Target = row.Text(2) },
        "SELECT source, edge_type, target FROM edges WHERE source = @Source AND edge_type = @EdgeType AND target = @Target",
        edges);

    /// <summary>Lets edges be as old as what draws them too.</summary>
    /// <param name="edges">Each once.</param>
    public static Task BackdateAsync(SqlSession sql, IReadOnlyCollection<NewEdge> edges) => sql.ExecuteAllAsync(
        "UPDATE edges SET happened_at = @HappenedAt WHERE source = @Source AND edge_type = @EdgeType AND target = @Target AND happened_at > @HappenedAt",
        edges);

    /// <summary>The edges out of a node that had been drawn by an instant.</summary>
    public static Task<IReadOnlyList<EdgeRow>> ListFromAsync(SqlSession sql, string source, DateTimeOffset until, int limit) => sql.QueryAsync<EdgeRow>(
        "SELECT source, edge_type, target FROM edges WHERE source = @Source AND happened_at <= @Until ORDER BY edge_type, target LIMIT @Limit",
        new { Source = source, Until = until, Limit = limit });

    /// <summary>The edges into a node that had been drawn by an instant.</summary>
    public static Task<IReadOnlyList<EdgeRow>> ListIntoAsync(SqlSession sql, string target, DateTimeOffset until, int limit) => sql.QueryAsync<EdgeRow>(
        "SELECT source, edge_type, target FROM edges WHERE target = @Target AND happened_at <= @Until ORDER BY edge_type, source LIMIT @Limit",
        new { Target = target, Until = until, Limit = limit });

    /// <summary>How many edges of each type had been drawn by an instant.</summary>
    public static Task<IReadOnlyList<TypeCount>> CountAsync(SqlSession sql, DateTimeOffset until) => sql.QueryAsync<TypeCount>(
        "SELECT edge_type AS type, COUNT(*) AS count FROM edges WHERE happened_at <= @Until GROUP BY edge_type", new { Until = until });

    public static Task<int> ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM edges");
}

/// <summary>An edge.</summary>
internal sealed record EdgeRow
{
    public required string Source { get; init; }
    public required string EdgeType { get; init; }
    public required string Target { get; init; }
}
