namespace Refinery.Kernel.Journal;

/// <summary>The right edge of a growing Merkle tree: enough to know its root, in memory that grows with the logarithm of its size.</summary>
public sealed class MerkleFrontier
{
    /// <summary>The roots of the full subtrees, widest first: one for each bit that is set in the size.</summary>
    private readonly List<byte[]> subtrees = [];

    /// <summary>How many leaves were added.</summary>
    public long Size { get; private set; }

    /// <summary>The root over all leaves so far; that of the empty tree when there are none.</summary>
    public byte[] Root => subtrees.Count == 0
        ? MerkleHash.Empty
        : Enumerable.Reverse(subtrees).Aggregate((right, left) => MerkleHash.Node(left, right));

    /// <summary>The root over some hashes, each of a leaf or of a full subtree of the same width.</summary>
    public static byte[] RootOf(IEnumerable<byte[]> hashes)
    {
        var frontier = new MerkleFrontier();
        foreach (var hash in hashes)
        {
            frontier.Add(hash);
        }

        return frontier.Root;
    }

    /// <summary>Adds the next leaf.</summary>
    /// <param name="hash">Of the leaf, 32 bytes; kept.</param>
    public void Add(byte[] hash)
    {
        for (var carried = Size; (carried & 1) == 1; carried >>= 1)
        {
            hash = MerkleHash.Node(subtrees[^1], hash);
            subtrees.RemoveAt(subtrees.Count - 1);
        }

        subtrees.Add(hash);
        Size++;
    }
}
