using Refinery.Kernel.Storage;

namespace Refinery.Graph;

/// <summary>The table <c>graph_counts</c>: how many nodes and edges of each type there are, so that nobody counts them anew.</summary>
internal static class GraphCountStore
{
    public const string Nodes = "node";
    public const string Edges = "edge";

    public static Task<int> AddAsync(SqlSession sql, string kind, string type, long count) => sql.ExecuteAsync(
        """
        INSERT INTO graph_counts (kind, type, count) VALUES (@Kind, @Type, @Count)
        ON CONFLICT (kind, type) DO UPDATE SET count = graph_counts.count + excluded.count
        """,
        new { Kind = kind, Type = type, Count = count });

    public static Task<IReadOnlyList<TypeCount>> ListAsync(SqlSession sql, string kind) =>
        sql.QueryAsync<TypeCount>("SELECT type, count FROM graph_counts WHERE kind = @Kind", new { Kind = kind });

    public static Task<int> ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM graph_counts");
}
