using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>The table <c>turns</c>: the last turn that each owner has taken in a line whose steps still wait.</summary>
internal static class TurnStore
{
    /// <summary>The last turn of an owner; null when it has taken none since the line was last empty.</summary>
    public static Task<long?> FindAsync(SqlSession sql, Place place) => sql.WholeAsync(
        "SELECT rank FROM turns WHERE type = @Type AND priority = @Priority AND owner = @Owner", place);

    /// <summary>The last turn of all owners of a line, or null.</summary>
    public static Task<long?> LastAsync(SqlSession sql, Place place) => sql.WholeAsync(
        "SELECT MAX(rank) FROM turns WHERE type = @Type AND priority = @Priority", place);

    /// <summary>Keeps the last turns of owners.</summary>
    /// <param name="turns">Each owner of a line once.</param>
    public static Task PutAsync(SqlSession sql, IReadOnlyCollection<TurnRow> turns) => sql.ExecuteAllAsync(
        """
        INSERT INTO turns (type, priority, owner, rank) VALUES (@Type, @Priority, @Owner, @Rank)
        ON CONFLICT (type, priority, owner) DO UPDATE SET rank = excluded.rank
        """,
        turns);

    /// <summary>Forgets the turns of a line that lie before a rank: whoever took them is as well off as who has taken none.</summary>
    public static Task DeleteAsync(SqlSession sql, Place place, long before) => sql.ExecuteAllAsync(
        "DELETE FROM turns WHERE type = @Type AND priority = @Priority AND rank < @Before",
        [new { place.Type, place.Priority, Before = before }]);
}

/// <summary>The last turn of an owner in a line.</summary>
internal sealed record TurnRow(string Type, long Priority, string Owner, long Rank);
