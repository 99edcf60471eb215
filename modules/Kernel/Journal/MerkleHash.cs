using System.Security.Cryptography;

namespace Refinery.Kernel.Journal;

/// <summary>The hashes of a Merkle tree over SHA-256.</summary>
/// <remarks>A leaf and a node are told apart by their first byte, so that neither passes for the other. Source: RFC 6962, section 2.1.</remarks>
public static class MerkleHash
{
    /// <summary>Bytes of every hash here.</summary>
    public const int Length = SHA256.HashSizeInBytes;

    /// <summary>The first byte of what is hashed for a leaf.</summary>
    public const byte LeafPrefix = 0;

    private const byte NodePrefix = 1;

    /// <summary>The root of a tree without leaves.</summary>
    public static byte[] Empty { get; } = SHA256.HashData([]);

    /// <summary>The hash of a leaf: SHA-256 over a zero byte and the data.</summary>
    public static byte[] Leaf(ReadOnlySpan<byte> data) => SHA256.HashData([LeafPrefix, .. data]);

    /// <summary>The hash over two subtrees: SHA-256 over a one byte and both hashes.</summary>
    /// <param name="left">32 bytes.</param>
    /// <param name="right">32 bytes.</param>
    public static byte[] Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Span<byte> text = stackalloc byte[1 + (2 * Length)];
        text[0] = NodePrefix;
        left.CopyTo(text[1..]);
        right.CopyTo(text[(1 + Length)..]);
        return SHA256.HashData(text);
    }
}
