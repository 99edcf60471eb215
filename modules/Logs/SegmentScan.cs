using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Refinery.Logs;

/// <summary>Reads a segment from the file alone. Bytes that are no whole text are gone around, for whole ones may lie behind them.</summary>
/// <remarks>
/// What was half written when the process died and what was damaged since look the same. Neither is written over: a text whose
/// frame is damaged may still be read from the place that the database knows.
/// </remarks>
internal sealed class SegmentScan(SafeFileHandle handle)
{
    private const int MarkLength = 4;

    /// <summary>Logs that are full of marks must not make a start endless.</summary>
    private const long MostHashedBytes = 256L << 20;

    private readonly long length = RandomAccess.GetLength(handle);
    private readonly SegmentContent content = new();
    private readonly byte[] buffer = new byte[BlockSignatures.BlockSize];
    private long hashed;

    /// <summary>Reads all of it.</summary>
    public SegmentContent Run()
    {
        while (content.End < length)
        {
            if (FrameAt(content.End) is not { } frame || !KeepWhole(SpanOf(content.End, frame), frame.Sha256.Span))
            {
                GoAround();
            }
        }

        return content;
    }

    private void GoAround()
    {
        var next = NextWhole(content.End + 1) ?? (int)length;
        Span<byte> header = stackalloc byte[SegmentFrame.Size];
        RandomAccess.Read(handle, header, content.End);

        // Where only mark or length are damaged, the digest tells that this is the text.
        if (next - content.End >= SegmentFrame.Size && KeepWhole(new TextSpan(content.End + SegmentFrame.Size, next - content.End - SegmentFrame.Size), header[^32..]))
        {
            return;
        }

        content.Unclear.Add(new TextSpan(content.End, next - content.End));
        content.End = next;
    }

    private bool KeepWhole(TextSpan span, ReadOnlySpan<byte> sha256)
    {
        var indexer = new TextIndexer(content.Signatures, span.Offset);
        if (!Digest(span, indexer).AsSpan().SequenceEqual(sha256))
        {
            return false;
        }

        indexer.Keep();
        content.Texts.Add(span);
        content.End = span.End;
        return true;
    }

    /// <summary>Where the next frame begins whose text has its digest; null when there is none.</summary>
    private int? NextWhole(int from)
    {
        var piece = new byte[BlockSignatures.BlockSize];
        for (var at = from; at < length && hashed < MostHashedBytes;)
        {
            var read = RandomAccess.Read(handle, piece, at);
            var mark = piece.AsSpan(0, read).IndexOf(SegmentFrame.MarkBytes);
            if (mark < 0)
            {
                at += Math.Max(1, read - MarkLength + 1);
                continue;
            }

            if (FrameAt(at + mark) is { } frame && Digest(SpanOf(at + mark, frame), indexer: null).AsSpan().SequenceEqual(frame.Sha256.Span))
            {
                return at + mark;
            }

            at += mark + 1;
        }

        return null;
    }

    private static TextSpan SpanOf(int offset, SegmentFrame frame) => new(offset + SegmentFrame.Size, frame.TextLength);

    private SegmentFrame? FrameAt(int offset)
    {
        Span<byte> header = stackalloc byte[SegmentFrame.Size];
        var read = RandomAccess.Read(handle, header, offset);
        var frame = SegmentFrame.Read(header[..read]);
        return frame is { TextLength: var text } && (long)offset + SegmentFrame.Size + text <= length ? frame : null;
    }

    private byte[] Digest(TextSpan span, TextIndexer? indexer)
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
            indexer?.Add(piece);
            at += piece.Length;
        }

        hashed += indexer is null ? span.Length : 0;
        return sha256.GetHashAndReset();
    }
}
