using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Refinery.Logs;

/// <summary>What a segment holds, read from the file alone: its texts, their signatures, and where the last whole text ends.</summary>
internal sealed class SegmentContent
{
    public TextSpans Texts { get; } = new();

    public BlockSignatures Signatures { get; } = new();

    public int End { get; set; }

    /// <summary>Reads all texts. What follows the last whole one was being written when the process or the machine died.</summary>
    public static SegmentContent Scan(SafeFileHandle handle)
    {
        var content = new SegmentContent();
        var length = RandomAccess.GetLength(handle);
        var buffer = ArrayPool<byte>.Shared.Rent(BlockSignatures.BlockSize);
        while (FrameAt(handle, content.End, length) is { } frame)
        {
            var span = new TextSpan(content.End + SegmentFrame.Size, frame.TextLength);
            var indexer = new TextIndexer(content.Signatures, span.Offset);
            var isWhole = Index(handle, span, indexer, buffer).AsSpan().SequenceEqual(frame.Sha256.Span);
            if (!isWhole && FrameAt(handle, span.End, length) is null)
            {
                break; // The tail. A damaged text in the middle stays: cutting there would cost the whole ones behind it.
            }

            indexer.Keep();
            content.Texts.Add(span);
            content.End = span.End;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return content;
    }

    private static SegmentFrame? FrameAt(SafeFileHandle handle, int offset, long length)
    {
        Span<byte> header = stackalloc byte[SegmentFrame.Size];
        var read = RandomAccess.Read(handle, header, offset);
        var frame = SegmentFrame.Read(header[..read]);
        return frame is { TextLength: var text } && (long)offset + SegmentFrame.Size + text <= length ? frame : null;
    }

    private static byte[] Index(SafeFileHandle handle, TextSpan span, TextIndexer indexer, byte[] buffer)
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var at = 0; at < span.Length;)
        {
            var piece = buffer.AsSpan(0, Math.Min(buffer.Length, span.Length - at));
            piece = piece[..RandomAccess.Read(handle, piece, span.Offset + at)];
            if (piece.IsEmpty)
            {
                break;
            }

            sha256.AppendData(piece);
            indexer.Add(piece);
            at += piece.Length;
        }

        return sha256.GetHashAndReset();
    }
}
