using Refinery.Kernel.Storage;

namespace Refinery.Graph;

/// <summary>The table <c>graph_spans</c>: where in the journal there are events of the graph, so that nobody walks through what lies between.</summary>
internal static class GraphSpanStore
{
    /// <summary>How many sequences a span has; the schema knows it too.</summary>
    public const int Width = 128;

    /// <summary>Says which spans hold an event of the graph, and when the first of those happened.</summary>
    /// <param name="spans">Each once.</param>
    public static Task PutAsync(SqlSession sql, IReadOnlyCollection<GraphSpan> spans) => sql.ExecuteAllAsync(
        """
        INSERT INTO graph_spans (span, happened_at) VALUES (@Span, @HappenedAt)
        ON CONFLICT (span) DO UPDATE SET happened_at = excluded.happened_at WHERE excluded.happened_at < graph_spans.happened_at
        """,
        spans);

    /// <summary>The spans that hold an event of the graph that had happened by an instant, newest first.</summary>
    public static Task<IReadOnlyList<long>> ListAsync(SqlSession sql, DateTimeOffset until, int limit) => sql.QueryAsync<long>(
        "SELECT span FROM graph_spans WHERE happened_at <= @Until ORDER BY span DESC LIMIT @Limit", new { Until = until, Limit = limit });

    public static Task<int> ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM graph_spans");
}

/// <summary>A span with events of the graph.</summary>
internal sealed record GraphSpan(long Span, DateTimeOffset HappenedAt);
