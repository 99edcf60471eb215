using System.Numerics;

namespace Refinery.Kernel.Journal;

/// <summary>Which subtrees a proof is made of, and whether a proof holds.</summary>
/// <remarks>Source: RFC 6962, section 2.1.1 and 2.1.2; the checks are those of RFC 9162, section 2.1.3.2 and 2.1.4.2.</remarks>
public static class MerkleProof
{
    /// <summary>The subtrees whose hashes show that a leaf is in a tree, the deepest first.</summary>
    /// <param name="index">Of the leaf, from 0, below the size.</param>
    /// <param name="size">Leaves of the tree.</param>
    public static IReadOnlyList<LeafRange> Inclusion(long index, long size) => Descend(index, size, range => range.Count == 1).Besides;

    /// <summary>The subtrees whose hashes show that a tree begins with a smaller one, the deepest first; none where both are one or the smaller is empty.</summary>
    /// <param name="from">Leaves of the smaller tree, 0 to <paramref name="size"/>.</param>
    /// <param name="size">Leaves of the larger tree.</param>
    public static IReadOnlyList<LeafRange> Consistency(long from, long size)
    {
        if (from == 0 || from == size)
        {
            return [];
        }

        var (last, besides) = Descend(from - 1, size, range => range.Start + range.Count == from);

        // The smaller tree's own last subtree; where it is the whole smaller tree, its root is known already.
        return last.Start > 0 ? [last, .. besides] : besides;
    }

    /// <summary>True when the hashes lead from the leaf to the root.</summary>
    public static bool Includes(byte[] leaf, long index, IReadOnlyList<byte[]> hashes, TreeHead tree) =>
        index >= 0 && index < tree.Size
        && Climb((index, tree.Size - 1), leaf, hashes) is { Whole: var root } && root.AsSpan().SequenceEqual(tree.Root);

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
        return before.Size < tree.Size && path.Count > 0
            && Climb(Strip(before.Size - 1, tree.Size - 1), path[0], path.Skip(1)) is { } roots
            && roots.Left.AsSpan().SequenceEqual(before.Root) && roots.Whole.AsSpan().SequenceEqual(tree.Root);
    }

    /// <summary>Leaves of the left subtree: the largest power of two below the count.</summary>
    internal static long LeftWidth(long count) => (long)BitOperations.RoundUpToPowerOf2((ulong)count) >> 1;

    /// <summary>Goes down to a subtree on the way to a leaf.</summary>
    /// <returns>That subtree, and those the way passes by, the deepest first.</returns>
    private static (LeafRange End, IReadOnlyList<LeafRange> Besides) Descend(long index, long size, Func<LeafRange, bool> isEnd)
    {
        var besides = new List<LeafRange>();
        var range = new LeafRange(0, size);
        while (!isEnd(range))
        {
            var width = LeftWidth(range.Count);
            var (left, right) = (range with { Count = width }, new LeafRange(range.Start + width, range.Count - width));
            var goesLeft = index < right.Start;
            besides.Add(goesLeft ? right : left);
            range = goesLeft ? left : right;
        }

        besides.Reverse();
        return (range, besides);
    }

    /// <summary>Goes up from a node by the hashes beside the way.</summary>
    /// <param name="at">The node's place on its level, and the last place there.</param>
    /// <returns>The root, and that over what is not right of the way; null when the hashes are too few or too many.</returns>
    private static (byte[] Left, byte[] Whole)? Climb((long Place, long Last) at, byte[] node, IEnumerable<byte[]> hashes)
    {
        var ((place, last), left, whole) = (at, node, node);
        foreach (var next in hashes)
        {
            if (last == 0)
            {
                return null;
            }

            if (IsRight(place) || place == last)
            {
                (left, whole) = (MerkleHash.Node(next, left), MerkleHash.Node(next, whole));
                (place, last) = PassLoneLevels(place, last);
            }
            else
            {
                whole = MerkleHash.Node(whole, next);
            }

            (place, last) = (place >> 1, last >> 1);
        }

        return last == 0 ? (left, whole) : null;
    }

    private static bool IsRight(long place) => (place & 1) == 1;

    /// <summary>Passes over the levels on which a last node has no brother.</summary>
    private static (long Place, long Last) PassLoneLevels(long place, long last)
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
