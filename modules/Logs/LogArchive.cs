using System.Collections.Concurrent;

namespace Refinery.Logs;

/// <summary>The stored texts of all logs and their index: append-only segment files in one folder of this machine.</summary>
/// <remarks>Knows texts by place only. Who wrote them and what they are called is <see cref="LogStore"/>'s.</remarks>
internal sealed class LogArchive : IDisposable
{
    public const int DefaultSegmentSize = 64 << 20;

    private readonly string folder;
    private readonly int segmentSize;
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly ConcurrentQueue<WaitingText> waiting = new();
    private LogSegment[] segments;
    private OpenSegment? open;

    private LogArchive(string folder, int segmentSize, LogSegment[] segments, OpenSegment? open)
    {
        this.folder = folder;
        this.segmentSize = segmentSize;
        this.segments = segments;
        this.open = open;
    }

    /// <summary>All segments, oldest first; the last one may still grow.</summary>
    public IReadOnlyList<LogSegment> Segments => Volatile.Read(ref segments);

    /// <summary>What was found to be no whole text, half written or damaged, when the folder was opened.</summary>
    public IReadOnlyList<(string Path, TextSpan Span)> Unclear { get; private init; } = [];

    /// <summary>Opens the folder and rebuilds the index of what was not sealed.</summary>
    public static LogArchive Open(string folder, int segmentSize = DefaultSegmentSize)
    {
        Directory.CreateDirectory(folder);
        var found = SegmentPaths.List(folder);
        var all = new List<LogSegment>();
        var unclear = new List<(string Path, TextSpan Span)>();
        OpenSegment? last = null;
        foreach (var paths in found)
        {
            var handle = File.OpenHandle(paths.Segment, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
            var texts = new TextSpans();
            var length = (int)RandomAccess.GetLength(handle);
            if (SlicedIndex.Open(paths.Index, length, texts) is { } index)
            {
                all.Add(new LogSegment(paths.Number, handle, texts, index));
                continue;
            }

            var content = new SegmentScan(handle).Run();
            unclear.AddRange(content.Unclear.Select(span => (paths.Segment, span)));
            last = new OpenSegment(paths, handle, content);
            all.Add(paths == found[^1] ? last.View : last.Seal());
            last = paths == found[^1] ? last : null;
        }

        return new LogArchive(folder, segmentSize, [.. all], last) { Unclear = unclear };
    }

    /// <summary>Stores the text. When this returns it is on the disk and can be found.</summary>
    /// <remarks>Callers that wait together share one flush; a caller alone waits for nobody. Not cancellable: the draft is being read.</remarks>
    /// <exception cref="IOException">The disk refused; the text is not stored.</exception>
    public async Task<TextPlace> AddAsync(LogDraft draft)
    {
        var mine = new WaitingText(draft);
        waiting.Enqueue(mine);
        await gate.WaitAsync(CancellationToken.None);
        try
        {
            if (!mine.Place.Task.IsCompleted)
            {
                AddWaiting();
            }
        }
        finally
        {
            gate.Release();
        }

        return await mine.Place.Task;
    }

    /// <summary>The segment of that number, or null.</summary>
    public LogSegment? Find(int number) => Array.FindLast(Volatile.Read(ref segments), segment => segment.Number == number);

    public void Dispose()
    {
        gate.Dispose();
        foreach (var segment in segments)
        {
            segment.Dispose();
        }
    }

    private void AddWaiting()
    {
        var written = new List<(WaitingText Text, TextPlace Place)>();
        try
        {
            while (waiting.TryDequeue(out var text))
            {
                written.Add((text, default));
                if (open is not null && !open.HasRoomFor(text.Draft.Length, segmentSize))
                {
                    Publish(written[..^1]);
                    written.RemoveRange(0, written.Count - 1);
                    Roll();
                }

                written[^1] = (text, OpenForWriting().Write(text.Draft));
            }

            Publish(written);
            written.Clear();
        }
        finally
        {
            open?.Discard();
            written.ForEach(left => left.Text.Place.TrySetException(new IOException("The log could not be written.")));
        }
    }

    private void Publish(List<(WaitingText Text, TextPlace Place)> written)
    {
        open?.Publish();
        written.ForEach(text => text.Text.Place.SetResult(text.Place));
    }

    private OpenSegment OpenForWriting()
    {
        if (open is null)
        {
            var last = segments.Length == 0 ? 0 : segments[^1].Number;
            open = OpenSegment.Create(new SegmentPaths(folder, last + 1));
            Volatile.Write(ref segments, [.. segments, open.View]);
        }

        return open;
    }

    private void Roll()
    {
        if (open is not null)
        {
            Volatile.Write(ref segments, [.. segments[..^1], open.Seal()]);
            open = null;
        }
    }

    /// <summary>A text in the writer's hands, and who waits for its place.</summary>
    private sealed record WaitingText(LogDraft Draft)
    {
        public TaskCompletionSource<TextPlace> Place { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
