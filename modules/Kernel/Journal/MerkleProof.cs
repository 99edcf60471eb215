using System.Numerics;

namespace Refinery.Kernel.Journal;

/// <summary>Which subtrees a proof is made of, and whether a proof holds.</summary>
/// <remarks>Source: RFC 6962, section 2.1.1 and 2.1.2; the checks are those of RFC 9162, section 2.1.3.2 and 2.1.4.2.</remarks>
public static class MerkleProof
{
    /// <summary>The subtrees whose hashes show that a leaf is in a tree, the deepest first.</summary>
    /// <param name="index">Of the leaf, from 0, below the size.</param>
    /// <param name="size">Leaves of the tree.</param>
    public static IReadOnlyList<LeafRange> Inclusion(long index, long size)
    {
        var path = new List<LeafRange>();
        for (var (start, count) = (0L, size); count > 1;)
        {
            var left = LeftWidth(count);
            if (index - start < left)
            {
                path.Add(new LeafRange(start + left, count - left));
                count = left;
            }
            else
            {
                path.Add(new LeafRange(start, left));
                (start, count) = (start + left, count - left);
            }
        }

        path.Reverse();
        return path;
    }

    /// <summary>The subtrees whose hashes show that a tree begins with a smaller one, the deepest first; none where both are one or the smaller is empty.</summary>
    /// <param name="from">Leaves of the smaller tree, 0 to <paramref name="size"/>.</param>
    /// <param name="size">Leaves of the larger tree.</param>
    public static IReadOnlyList<LeafRange> Consistency(long from, long size)
    {
        if (from == 0 || from == size)
        {
            return [];
        }

        var path = new List<LeafRange>();
        var (start, count) = (0L, size);
        while (from - start < count)
        {
            var left = LeftWidth(count);
            if (from - start <= left)
            {
                path.Add(new LeafRange(start + left, count - left));
                count = left;
            }
            else
            {
                path.Add(new LeafRange(start, left));
                (start, count) = (start + left, count - left);
            }
        }

        if (start > 0)
        {
            // The smaller tree's own last subtree; where it is the whole smaller tree, its root is known already.
            path.Add(new LeafRange(start, count));
        }

        path.Reverse();
        return path;
    }

    /// <summary>True when the hashes lead from the leaf to the root.</summary>
    public static bool Includes(byte[] leaf, long index, IReadOnlyList<byte[]> hashes, TreeHead tree)
    {
        if (index < 0 || index >= tree.Size)
        {
            return false;
        }

        var (place, last, hash) = (index, tree.Size - 1, leaf);
        foreach (var next in hashes)
        {
            if (last == 0)
            {
                return false;
            }

            if (IsRight(place) || place == last)
            {
                hash = MerkleHash.Node(next, hash);
                (place, last) = Climb(place, last);
            }
            else
            {
                hash = MerkleHash.Node(hash, next);
            }

            (place, last) = (place >> 1, last >> 1);
        }

        return last == 0 && hash.AsSpan().SequenceEqual(tree.Root);
    }

    /// <summary>True when the hashes show that <paramref name="tree"/> begins with the leaves of <paramref name="before"/>.</summary>
    public static bool Continues(TreeHead before, IReadOnlyList<byte[]> hashes, TreeHead tree)
    {
        if (before.Size == tree.Size)
        {
            return hashes.Count == 0 && before.Root.AsSpan().SequenceEqual(tree.Root);
        }

        if (before.Size == 0)
        {
            return hashes.Count == 0;
        }

        var path = BitOperations.IsPow2(before.Size) ? hashes.Prepend(before.Root).ToList() : hashes;
        if (before.Size > tree.Size || path.Count == 0)
        {
            return false;
        }

        var (place, last) = Strip(before.Size - 1, tree.Size - 1);
        var (old, now) = (path[0], path[0]);
        foreach (var next in path.Skip(1))
        {
            if (last == 0)
            {
                return false;
            }

            if (IsRight(place) || place == last)
            {
                (old, now) = (MerkleHash.Node(next, old), MerkleHash.Node(next, now));
                (place, last) = Climb(place, last);
            }
            else
            {
                now = MerkleHash.Node(now, next);
            }

            (place, last) = (place >> 1, last >> 1);
        }

        return last == 0 && old.AsSpan().SequenceEqual(before.Root) && now.AsSpan().SequenceEqual(tree.Root);
    }

    /// <summary>Leaves of the left subtree: the largest power of two below the count.</summary>
    internal static long LeftWidth(long count) => (long)BitOperations.RoundUpToPowerOf2((ulong)count) >> 1;

    private static bool IsRight(long place) => (place & 1) == 1;

    /// <summary>Passes over the levels on which a last node has no brother.</summary>
    private static (long Place, long Last) Climb(long place, long last)
    {
        while (!IsRight(place) && place != 0)
        {
            (place, last) = (place >> 1, last >> 1);
        }

        return (place, last);
    }

    /// <summary>Passes over the levels on which the smaller tree is full.</summary>
    private static (long Place, long Last) Strip(long place, long last)
    {
        while (IsRight(place))
        {
            (place, last) = (place >> 1, last >> 1);
        }

        return (place, last);
    }
}

/// <summary>Leaves that lie side by side.</summary>
/// <param name="Start">The first, from 0.</param>
/// <param name="Count">How many, at least 1.</param>
public sealed record LeafRange(long Start, long Count);

/// <summary>A tree as it stood at a size.</summary>
/// <param name="Size">Leaves.</param>
/// <param name="Root">32 bytes.</param>
public sealed record TreeHead(long Size, byte[] Root);
