using Refinery.Kernel.Storage;

namespace Refinery.Kernel.Journal;

/// <summary>The table <c>journal_tiles</c>: the roots of the tree's full subtrees of 256, 65,536, … lines.</summary>
internal static class TileStore
{
    /// <summary>Stores tiles that are not there yet.</summary>
    public static Task InsertAsync(SqlSession sql, IReadOnlyCollection<TileRow> tiles) => sql.ExecuteAllAsync(
        "INSERT INTO journal_tiles (level, tile, root) VALUES (@Level, @Tile, @Root) ON CONFLICT (level, tile) DO NOTHING", tiles);

    /// <summary>How many tiles of a level there are before the first that is missing.</summary>
    public static async Task<long> CountAsync(SqlSession sql, int level) => await sql.WholeAsync(
        """
        SELECT MIN(tile + 1) FROM (SELECT -1 AS tile UNION ALL SELECT tile FROM journal_tiles WHERE level = @Level) AS made
        WHERE NOT EXISTS (SELECT 1 FROM journal_tiles later WHERE later.level = @Level AND later.tile = made.tile + 1)
        """,
        new { Level = level }) ?? 0;

    /// <summary>The roots of tiles that lie side by side, in order.</summary>
    public static Task<IReadOnlyList<byte[]>> ListAsync(SqlSession sql, int level, LeafRange tiles) => sql.QueryAsync(
        row => Convert.FromHexString(row.Text(0)),
        "SELECT root FROM journal_tiles WHERE level = @Level AND tile >= @First ORDER BY tile LIMIT @Count",
        new { Level = level, First = tiles.Start, tiles.Count });

    public static Task<int> ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM journal_tiles");
}

/// <summary>A full tile.</summary>
/// <param name="Level">1 for one over lines.</param>
/// <param name="Root">In lower-case hex.</param>
internal sealed record TileRow(int Level, long Tile, string Root)
{
    /// <summary>The tile over what lies below it, in order.</summary>
    public static TileRow Of(int level, long tile, IReadOnlyList<byte[]> below) => new(level, tile, Convert.ToHexStringLower(MerkleFrontier.RootOf(below)));
}
