using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>The table <c>turns</c>: the last turn that each owner has taken in a line whose steps still wait.</summary>
internal static class TurnStore
{
    /// <summary>The last turns that were taken in a line.</summary>
    public static async Task<LastTurns> FindAsync(SqlSession sql, Place place) => (await sql.QueryAsync(
        row => new LastTurns(row.WholeOrNull(0), row.WholeOrNull(1)),
        """
        SELECT (SELECT rank FROM turns WHERE type = @Type AND priority = @Priority AND owner = @Owner),
            (SELECT MAX(rank) FROM turns WHERE type = @Type AND priority = @Priority)
        """,
        place))[0];

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

/// <summary>The last turns in a line.</summary>
/// <param name="OfOwner">Null for an owner who has taken none since the line was last empty.</param>
/// <param name="OfAll">Null when nobody has.</param>
internal sealed record LastTurns(long? OfOwner, long? OfAll);
