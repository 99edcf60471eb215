using System.Buffers;
using System.Security.Cryptography;

namespace Refinery.Kernel.Journal;

/// <summary>Makes the tree's leaves: a leaf is a line of the journal's file without its line feed, so that all it says is vouched for. Not safe for two threads at once.</summary>
internal sealed class LeafWriter
{
    private readonly ArrayBufferWriter<byte> buffer = new(1024);

    /// <summary>The hash of a leaf.</summary>
    public byte[] Hash(IJournalLine line)
    {
        buffer.ResetWrittenCount();
        buffer.Write([MerkleHash.LeafPrefix]);
        JournalLine.Write(buffer, line);
        return SHA256.HashData(buffer.WrittenSpan[..^1]);
    }
}
