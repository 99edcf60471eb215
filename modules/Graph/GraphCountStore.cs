using Refinery.Kernel.Storage;

namespace Refinery.Graph;

/// <summary>The table <c>graph_counts</c>: how many nodes and edges of each type there are, so that nobody counts them anew.</summary>
internal static class GraphCountStore
{
    public const string Nodes = "node";
    public const string Edges = "edge";

    /// <param name="counts">Each kind and type once.</param>
    public static Task AddAsync(SqlSession sql, IReadOnlyCollection<GraphCount> counts) => sql.ExecuteAllAsync(
        """
        INSERT INTO graph_counts (kind, type, count) VALUES (@Kind, @Type, @Count)
        ON CONFLICT (kind, type) DO UPDATE SET count = graph_counts.count + excluded.count
        """,
        counts);

    public static Task<IReadOnlyList<TypeCount>> ListAsync(SqlSession sql, string kind) =>
        sql.QueryAsync<TypeCount>("SELECT type, count FROM graph_counts WHERE kind = @Kind", new { Kind = kind });

    public static Task<int> ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM graph_counts");
}

/// <summary>How many more nodes or edges of a type there are.</summary>
internal sealed record GraphCount(string Kind, string Type, long Count);
