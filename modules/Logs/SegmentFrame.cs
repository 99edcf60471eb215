using System.Buffers.Binary;

namespace Refinery.Logs;

/// <summary>The 40 bytes before each text in a segment: mark, length, sha256. They let a segment be read without the database.</summary>
internal readonly record struct SegmentFrame(int TextLength, ReadOnlyMemory<byte> Sha256)
{
    public const int Size = 8 + 32;

    private const uint Mark = 0x31474C52; // "RLG1"

    public void Write(Span<byte> header)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, Mark);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], TextLength);
        Sha256.Span.CopyTo(header[8..]);
    }

    /// <summary>The frame in the header, or null when these bytes are none.</summary>
    public static SegmentFrame? Read(ReadOnlySpan<byte> header)
    {
        if (header.Length < Size || BinaryPrimitives.ReadUInt32LittleEndian(header) != Mark)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        return length < 0 ? null : new SegmentFrame(length, header[8..Size].ToArray());
    }
}
