using System.Numerics;
using Refinery.Kernel.Storage;

namespace Refinery.Kernel.Journal;

/// <summary>The Merkle tree over the lines of the journal: what a checkpoint signs and a proof is made of.</summary>
/// <remarks>
/// The roots of full tiles of 256 are kept as the journal grows; what is not full yet is hashed anew when it is asked for, which is
/// at most 255 lines and as many tiles of each level. Source: docs/spec/event-graph.md, "Prove it"; RFC 6962.
/// </remarks>
public sealed class JournalTree : IProjection
{
    private const int Width = 256;
    private const int BitsOfWidth = 8;

    private readonly TileLeaves recent = new();

    /// <inheritdoc />
    public string Name => "tree";

    /// <summary>The tree holds everybody's events.</summary>
    public bool TakesOthers => true;

    /// <summary>The tree over the first lines of the journal.</summary>
    /// <param name="size">0 to the journal's length.</param>
    public static async Task<TreeHead> HeadAsync(SqlSession sql, long size) =>
        new(size, size == 0 ? MerkleHash.Empty : await HashAsync(sql, new LeafRange(0, size)));

    /// <summary>The hashes of some subtrees, for a proof; in their order.</summary>
    /// <param name="ranges">Of <see cref="MerkleProof"/>, within the journal.</param>
    public static async Task<IReadOnlyList<byte[]>> HashesAsync(SqlSession sql, IReadOnlyList<LeafRange> ranges)
    {
        var hashes = new List<byte[]>(ranges.Count);
        foreach (var range in ranges)
        {
            hashes.Add(await HashAsync(sql, range));
        }

        return hashes;
    }

    /// <summary>Makes the tiles that a journal of an older version lacks.</summary>
    public static Task CompleteAsync(Database database, CancellationToken cancellationToken) => database.WriteAsync(
        async sql =>
        {
            await FillAsync(sql, (await JournalStore.HeadAsync(sql)).Sequence);
            return true;
        },
        cancellationToken);

    /// <summary>What is wrong with the tiles, in one sentence; null when they are right, or fewer than the journal's length asks for, which the next start mends.</summary>
    /// <param name="tree">As it follows from the lines.</param>
    public static async Task<string?> FindFaultAsync(SqlSession sql, TreeHead tree) =>
        await TileStore.CountAsync(sql, level: 1) < tree.Size / Width || (await HeadAsync(sql, tree.Size)).Root.AsSpan().SequenceEqual(tree.Root)
            ? null
            : "The journal's tree does not follow from its lines, so its checkpoints are wrong; rebuild-projections makes it anew.";

    /// <inheritdoc />
    public Task ResetAsync(SqlSession sql) => TileStore.ResetAsync(sql);

    /// <inheritdoc />
    public async Task ApplyAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        var tiles = new List<TileRow>();
        foreach (var link in events)
        {
            recent.Add(link);
            if (link.Sequence % Width == 0)
            {
                // Whoever appended the lines before has made their tiles in the same commit, so nobody need count them here.
                var tile = (link.Sequence / Width) - 1;
                tiles.Add(TileRow.Of(level: 1, tile, recent.Take(tile) ?? await ListAsync(sql, level: 0, new LeafRange(tile * Width, Width))));
            }

            if (link.Sequence % (Width * Width) == 0)
            {
                await TileStore.InsertAsync(sql, tiles);
                await FillAsync(sql, link.Sequence);
                tiles.Clear();
            }
        }

        await TileStore.InsertAsync(sql, tiles);
    }

    /// <summary>Makes every full tile that is missing below a size.</summary>
    private static async Task FillAsync(SqlSession sql, long size)
    {
        var width = 1L;
        for (var level = 1; size / (width * Width) > 0; level++)
        {
            for (var tile = await TileStore.CountAsync(sql, level); tile < size / (width * Width); tile++)
            {
                var below = await ListAsync(sql, level - 1, new LeafRange(tile * Width, Width));
                await TileStore.InsertAsync(sql, [TileRow.Of(level, tile, below)]);
            }

            width *= Width;
        }
    }

    /// <summary>The hash of a subtree: of its left half, which is full, and of what is right of that.</summary>
    private static async Task<byte[]> HashAsync(SqlSession sql, LeafRange range)
    {
        if (BitOperations.IsPow2(range.Count))
        {
            return await FullAsync(sql, range);
        }

        var left = MerkleProof.LeftWidth(range.Count);
        var full = await FullAsync(sql, range with { Count = left });
        var rest = await HashAsync(sql, new LeafRange(range.Start + left, range.Count - left));
        return MerkleHash.Node(full, rest);
    }

    /// <summary>The hash of a full subtree, from the widest tiles that make it up.</summary>
    private static async Task<byte[]> FullAsync(SqlSession sql, LeafRange range)
    {
        var level = BitOperations.Log2((ulong)range.Count) / BitsOfWidth;
        var shift = level * BitsOfWidth;
        var hashes = await ListAsync(sql, level, new LeafRange(range.Start >> shift, range.Count >> shift));
        return MerkleFrontier.RootOf(hashes);
    }

    /// <summary>Tiles of a level, or lines at level 0.</summary>
    private static async Task<IReadOnlyList<byte[]>> ListAsync(SqlSession sql, int level, LeafRange range)
    {
        var hashes = level == 0
            ? await JournalStore.ListLeavesAsync(sql, range.Start, range.Count)
            : await TileStore.ListAsync(sql, level, range);
        return hashes.Count == range.Count
            ? hashes
            : throw new InvalidOperationException($"The journal's tree has {hashes.Count} of {range.Count} hashes from {range.Start} on at level {level}; rebuild-projections makes it anew.");
    }

    /// <summary>The leaves of the tile that is being filled, so that a commit need not read them again. Used by the writer alone.</summary>
    private sealed class TileLeaves
    {
        private readonly LeafWriter writer = new();
        private readonly List<(byte[] Leaf, string EventHash)> leaves = new(Width);
        private long tile = -1;

        /// <summary>Adds a line; those of a commit that failed, which it takes the place of, are forgotten.</summary>
        public void Add(JournalEvent link)
        {
            var (of, place) = Math.DivRem(link.Sequence - 1, Width);
            var follows = place == 0 || (of == tile && place <= leaves.Count && leaves[(int)place - 1].EventHash == link.PrevHash);
            tile = follows ? of : -1;
            if (follows)
            {
                leaves.RemoveRange((int)place, leaves.Count - (int)place);
                leaves.Add((writer.Hash(link), link.Hash));
            }
        }

        /// <summary>The leaves of a tile; null when not all of them are here.</summary>
        public IReadOnlyList<byte[]>? Take(long full) =>
            tile == full && leaves.Count == Width ? [.. leaves.Select(entry => entry.Leaf)] : null;
    }
}
