using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>The table <c>paused_types</c>: step types nobody is given until they are resumed. Its rows come from the journal only.</summary>
internal static class PausedTypeStore
{
    /// <summary>Whether <c>@Type</c> is paused, in a condition of another's text.</summary>
    public const string IsPaused = "EXISTS (SELECT 1 FROM paused_types WHERE paused_types.type = @Type)";

    /// <summary>All of them, by name.</summary>
    public static Task<IReadOnlyList<PausedType>> ListAsync(SqlSession sql) => sql.QueryAsync(
        row => new PausedType(row.Text(0), row.TextOrNull(1), row.TextOrNull(2), row.Instant(3)),
        "SELECT type, reason, paused_by, paused_at FROM paused_types ORDER BY type");

    /// <summary>The pause of a type, or null.</summary>
    public static async Task<PausedType?> FindAsync(SqlSession sql, string type) =>
        (await ListAsync(sql)).FirstOrDefault(paused => paused.Type == type);

    /// <summary>Called by the projection only.</summary>
    public static Task<int> PutAsync(SqlSession sql, PausedType paused) => sql.ExecuteAsync(
        """
        INSERT INTO paused_types (type, reason, paused_by, paused_at) VALUES (@Type, @Reason, @PausedBy, @PausedAt)
        ON CONFLICT (type) DO NOTHING
        """,
        paused);

    /// <summary>Called by the projection only.</summary>
    public static Task<int> DeleteAsync(SqlSession sql, string type) =>
        sql.ExecuteAsync("DELETE FROM paused_types WHERE type = @Type", new { Type = type });

    /// <summary>Called by the projection only.</summary>
    public static Task<int> ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM paused_types");
}

/// <summary>A row of the table <c>paused_types</c>.</summary>
/// <param name="Reason">Why, in the words of who paused it.</param>
/// <param name="PausedBy">As the journal names who acts.</param>
internal sealed record PausedType(string Type, string? Reason, string? PausedBy, DateTimeOffset PausedAt);
