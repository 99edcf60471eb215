using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>The table <c>paused_types</c>.</summary>
internal static class PauseStore
{
    public static Task<int> PutAsync(SqlSession sql, PausedType paused) => sql.ExecuteAsync(
        """
        INSERT INTO paused_types (type, reason, paused_at) VALUES (@Type, @Reason, @PausedAt)
        ON CONFLICT (type) DO UPDATE SET reason = excluded.reason, paused_at = excluded.paused_at
        """,
        paused);

    public static Task<int> DeleteAsync(SqlSession sql, string type) =>
        sql.ExecuteAsync("DELETE FROM paused_types WHERE type = @Type", new { Type = type });

    public static Task<int> ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM paused_types");

    /// <summary>All of them, by name.</summary>
    public static Task<IReadOnlyList<PausedType>> ListAsync(SqlSession sql) =>
        sql.QueryAsync<PausedType>("SELECT type, reason, paused_at FROM paused_types ORDER BY type");
}

/// <summary>A step type of which nobody gets a step until it is resumed.</summary>
internal sealed record PausedType
{
    public required string Type { get; init; }
    public string? Reason { get; init; }
    public required DateTimeOffset PausedAt { get; init; }
}
