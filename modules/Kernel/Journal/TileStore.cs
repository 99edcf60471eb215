using Refinery.Kernel.Storage;

namespace Refinery.Kernel.Journal;

/// <summary>The table <c>journal_tiles</c>: the roots of the tree's full subtrees of 256, 65,536, … lines.</summary>
internal static class TileStore
{
    public static Task<int> InsertAsync(SqlSession sql, int level, long tile, byte[] root) => sql.ExecuteAsync(
        "INSERT INTO journal_tiles (level, tile, root) VALUES (@Level, @Tile, @Root)",
        new { Level = level, Tile = tile, Root = Convert.ToHexStringLower(root) });

    /// <summary>How many tiles of a level there are; they are made in order, without gaps.</summary>
    public static async Task<long> CountAsync(SqlSession sql, int level) =>
        await sql.WholeAsync("SELECT MAX(tile) + 1 FROM journal_tiles WHERE level = @Level", new { Level = level }) ?? 0;

    /// <summary>The roots of tiles that lie side by side, in order.</summary>
    public static Task<IReadOnlyList<byte[]>> ListAsync(SqlSession sql, int level, LeafRange tiles) => sql.QueryAsync(
        row => Convert.FromHexString(row.Text(0)),
        "SELECT root FROM journal_tiles WHERE level = @Level AND tile >= @First ORDER BY tile LIMIT @Count",
        new { Level = level, First = tiles.Start, tiles.Count });

    public static Task<int> ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM journal_tiles");
}
