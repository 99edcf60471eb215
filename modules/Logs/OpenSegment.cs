using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Refinery.Logs;

/// <summary>The segment that takes new texts. Texts are written one by one, made durable together, and only then published.</summary>
internal sealed class OpenSegment(SegmentPaths paths, SafeFileHandle handle, SegmentContent content)
{
    private readonly List<(TextSpan Span, TextIndexer Indexer)> written = [];
    private int end = content.End;

    /// <summary>The same segment for readers.</summary>
    public LogSegment View { get; } = new(paths.Number, handle, content.Texts, content.Signatures);

    public static OpenSegment Create(SegmentPaths paths) =>
        new(paths, File.OpenHandle(paths.Segment, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read), new SegmentContent());

    public bool HasRoomFor(int length, int segmentSize) => end == 0 || end + SegmentFrame.Size + length <= segmentSize;

    /// <summary>Copies the text behind the last one and indexes it; nobody sees it yet.</summary>
    public TextPlace Write(LogDraft draft)
    {
        Span<byte> header = stackalloc byte[SegmentFrame.Size];
        new SegmentFrame(draft.Length, draft.Sha256).Write(header);
        RandomAccess.Write(handle, header, end);
        var span = new TextSpan(end + SegmentFrame.Size, draft.Length);
        var indexer = new TextIndexer(content.Signatures, span.Offset);
        Copy(draft, span, indexer);
        written.Add((span, indexer));
        end = span.End;
        return new TextPlace(paths.Number, span.Offset, span.Length);
    }

    /// <summary>Makes everything written durable and visible.</summary>
    public void Publish()
    {
        RandomAccess.FlushToDisk(handle);
        foreach (var (span, indexer) in written)
        {
            indexer.Keep();
            content.Texts.Add(span);
        }

        written.Clear();
        content.End = end;
    }

    /// <summary>Forgets what was written and not published; the next text overwrites it.</summary>
    public void Discard()
    {
        written.Clear();
        end = content.End;
    }

    /// <summary>Ends the segment and writes its index. The view given before stays readable.</summary>
    public LogSegment Seal()
    {
        RandomAccess.SetLength(handle, content.End);
        RandomAccess.FlushToDisk(handle);
        SlicedIndex.Write(paths.Index, content.End, content.Signatures, content.Texts.All.Span);
        var texts = new TextSpans();
        var index = SlicedIndex.Open(paths.Index, content.End, texts)
            ?? throw new IOException($"The index {paths.Index} cannot be read back.");
        return new LogSegment(paths.Number, handle, texts, index);
    }

    private void Copy(LogDraft draft, TextSpan span, TextIndexer indexer)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BlockSignatures.BlockSize);
        try
        {
            for (var at = 0; at < draft.Length;)
            {
                var piece = buffer.AsSpan(0, Math.Min(buffer.Length, draft.Length - at));
                draft.Read(at, piece);
                indexer.Add(piece);
                RandomAccess.Write(handle, piece, span.Offset + at);
                at += piece.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
