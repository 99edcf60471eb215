using System.Buffers.Binary;

namespace Refinery.Logs;

/// <summary>The 40 bytes before each text in a segment: mark, length, sha256. They let a segment be read without the database.</summary>
internal readonly record struct SegmentFrame(int TextLength, ReadOnlyMemory<byte> Sha256)
{
    public const int Size = 8 + 32;

    /// <summary>What every frame begins with.</summary>
    public static ReadOnlySpan<byte> MarkBytes => "RLG1"u8;

    public void Write(Span<byte> header)
    {
        MarkBytes.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], TextLength);
        Sha256.Span.CopyTo(header[8..]);
    }

    /// <summary>The frame in the header, or null when these bytes are none.</summary>
    public static SegmentFrame? Read(ReadOnlySpan<byte> header)
    {
        if (header.Length < Size || !header.StartsWith(MarkBytes))
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        return length < 0 ? null : new SegmentFrame(length, header[8..Size].ToArray());
    }
}
