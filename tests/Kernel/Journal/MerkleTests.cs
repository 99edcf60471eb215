using System.Security.Cryptography;
using Refinery.Kernel.Journal;

namespace Refinery.Tests.Kernel.Journal;

/// <summary>The tree of RFC 6962: its known answers, and every proof of every small tree.</summary>
public sealed class MerkleTests
{
    private const int Largest = 70;

    /// <summary>The leaves and roots that implementations of Certificate Transparency share.</summary>
    private static readonly string[] KnownLeaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    private static readonly byte[][] Leaves = [.. Enumerable.Range(0, Largest).Select(number => MerkleHash.Leaf([(byte)number]))];

    [Theory]
    [InlineData(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData(2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [InlineData(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")]
    [InlineData(4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    [InlineData(5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4")]
    [InlineData(6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef")]
    [InlineData(7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c")]
    [InlineData(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void The_root_is_the_one_that_everybody_has(int size, string root) => Assert.Equal(
        root, Convert.ToHexStringLower(MerkleFrontier.RootOf(KnownLeaves.Take(size).Select(leaf => MerkleHash.Leaf(Convert.FromHexString(leaf))))));

    [Fact]
    public void The_root_is_the_one_of_the_definition() =>
        Assert.All(Enumerable.Range(1, Largest), size => Assert.Equal(Defined(Leaves[..size]), MerkleFrontier.RootOf(Leaves[..size])));

    [Fact]
    public void Every_leaf_of_every_tree_is_proven_and_nothing_else()
    {
        foreach (var (index, size) in Pairs())
        {
            var (tree, hashes) = (Tree(size), Hashes(MerkleProof.Inclusion(index, size)));

            Assert.True(MerkleProof.Includes(Leaves[index], index, hashes, tree));
            Assert.False(MerkleProof.Includes(MerkleHash.Leaf([255]), index, hashes, tree));
            Assert.False(MerkleProof.Includes(Leaves[index], index, [.. hashes, MerkleHash.Empty], tree));
            Assert.False(MerkleProof.Includes(Leaves[index], index, hashes, tree with { Root = MerkleHash.Empty }));
            Assert.False(MerkleProof.Includes(Leaves[index], size, hashes, tree));
            Assert.All(Broken(hashes), broken => Assert.False(MerkleProof.Includes(Leaves[index], index, broken, tree)));
            Assert.All(
                Enumerable.Range(0, size).Where(other => other != index),
                other => Assert.False(MerkleProof.Includes(Leaves[index], other, hashes, tree)));
        }
    }

    [Fact]
    public void Every_tree_is_shown_to_go_on_from_every_smaller_one_and_from_nothing_else()
    {
        foreach (var (from, size) in Pairs().Where(pair => pair.Smaller > 0))
        {
            var (before, tree, hashes) = (Tree(from), Tree(size), Hashes(MerkleProof.Consistency(from, size)));

            Assert.True(MerkleProof.Continues(before, hashes, tree));
            Assert.False(MerkleProof.Continues(before with { Root = MerkleHash.Empty }, hashes, tree));
            Assert.False(MerkleProof.Continues(before, hashes, tree with { Root = MerkleHash.Empty }));
            Assert.False(MerkleProof.Continues(before, [.. hashes, MerkleHash.Empty], tree));
            Assert.False(MerkleProof.Continues(tree, hashes, before));
            Assert.All(Broken(hashes), broken => Assert.False(MerkleProof.Continues(before, broken, tree)));
        }
    }

    [Fact]
    public void A_tree_goes_on_from_itself_and_from_the_empty_one_without_a_hash()
    {
        Assert.True(MerkleProof.Continues(Tree(5), [], Tree(5)));
        Assert.True(MerkleProof.Continues(Tree(0), [], Tree(5)));
        Assert.False(MerkleProof.Continues(Tree(5), [], Tree(5) with { Root = MerkleHash.Empty }));
        Assert.Empty(MerkleProof.Consistency(0, 5));
        Assert.Empty(MerkleProof.Consistency(5, 5));
    }

    private static IEnumerable<(int Smaller, int Size)> Pairs() =>
        Enumerable.Range(1, Largest).SelectMany(size => Enumerable.Range(0, size).Select(smaller => (smaller, size)));

    private static TreeHead Tree(int size) => new(size, MerkleFrontier.RootOf(Leaves[..size]));

    private static byte[][] Hashes(IReadOnlyList<LeafRange> ranges) => [.. ranges.Select(range => Defined(Leaves[(int)range.Start..(int)(range.Start + range.Count)]))];

    /// <summary>One hash wrong, one left out, two swapped.</summary>
    private static IEnumerable<byte[][]> Broken(byte[][] hashes)
    {
        for (var place = 0; place < hashes.Length; place++)
        {
            byte[] wrong = [.. hashes[place]];
            wrong[place % wrong.Length] ^= 1;
            yield return [.. hashes[..place], wrong, .. hashes[(place + 1)..]];
            yield return [.. hashes[..place], .. hashes[(place + 1)..]];
        }

        if (hashes.Length > 1)
        {
            yield return [hashes[1], hashes[0], .. hashes[2..]];
        }
    }

    /// <summary>The root as the RFC defines it, word for word.</summary>
    private static byte[] Defined(byte[][] leaves)
    {
        if (leaves.Length == 1)
        {
            return leaves[0];
        }

        var left = 1;
        while (left * 2 < leaves.Length)
        {
            left *= 2;
        }

        return SHA256.HashData([1, .. Defined(leaves[..left]), .. Defined(leaves[left..])]);
    }
}
