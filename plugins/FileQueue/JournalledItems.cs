using Microsoft.Extensions.Logging;
using Refinery.Contract;

namespace Refinery.FileQueue;

/// <summary>The waiting items and their journal, kept equal: the file is written first, and a failed write changes nothing.</summary>
/// <remarks>Not thread-safe: its owner lets one caller in at a time.</remarks>
internal sealed partial class JournalledItems : IDisposable
{
    // Below this the file replays in well under 0.1 s, and compacting it would cost more than it saves.
    private const long FewRecords = 50_000;

    private readonly QueueFile file;
    private readonly WaitingItems items = new();
    private readonly ILogger logger;
    private long recordCount;
    private long compactAt = FewRecords;

    private JournalledItems(QueueFile file, ILogger logger) => (this.file, this.logger) = (file, logger);

    public int Count => items.Count;

    private long DeadRecords => recordCount - Count;

    /// <summary>Replays the journal, cuts a torn last line and takes the file over.</summary>
    public static JournalledItems Open(QueueFile file, ILogger logger)
    {
        var opened = new JournalledItems(file, logger);
        try
        {
            opened.Replay();
            return opened;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <exception cref="IOException">The file cannot be written; nothing was added.</exception>
    public void Add(IReadOnlyList<QueueItem> batch)
    {
        var added = batch.Where(item => !items.Contains(item.StepId)).DistinctBy(item => item.StepId, StringComparer.Ordinal).ToList();
        if (added.Count > 0)
        {
            Append(added.Select(item => new AddRecord(item)), added.Count);
            added.ForEach(item => items.Add(item));
        }
    }

    /// <exception cref="IOException">The file cannot be written; nothing was taken.</exception>
    public IReadOnlyList<QueueItem> Take(int max)
    {
        var taken = First(max);
        if (taken.Count > 0)
        {
            Append(taken.Select(item => new PopRecord(item.StepId)), taken.Count);
            items.DropFirst(taken.Count);
            CompactIfDeadOutweighLiving();
        }

        return taken;
    }

    public IReadOnlyList<QueueItem> First(int limit) => Count == 0 ? [] : [.. items.InOrder().Take(limit)];

    public QueueStats Stats() => new(Count, OldestEnqueuedAt: null);

    /// <exception cref="IOException">The file cannot be written; nothing was removed.</exception>
    public long Clear()
    {
        var cleared = Count;
        if (cleared > 0)
        {
            Append([new ClearRecord()], count: 1);
            items.Clear();
            CompactIfDeadOutweighLiving();
        }

        return cleared;
    }

    public void Dispose() => file.Dispose();

    private void Replay()
    {
        var replay = new JournalReplay(file.Path, logger);
        using (var stream = file.OpenForReading())
        {
            replay.Read(stream);
        }

        TakeOver(replay);
        foreach (var item in replay.Waiting)
        {
            items.Add(item);
        }

        CompactIfDeadOutweighLiving();
    }

    private void TakeOver(JournalReplay replay)
    {
        if (replay.BadLines > 0 && replay.BadLines == replay.Lines)
        {
            // Somebody else's file, perhaps: compaction would destroy it.
            LogSetAside(logger, file.Path, file.SetAside());
            return;
        }

        if (replay.WholeLength < file.Length)
        {
            LogTornTail(logger, file.Length - replay.WholeLength, file.Path);
            file.CutAt(replay.WholeLength);
        }

        recordCount = replay.Lines;
    }

    private void Append(IEnumerable<JournalRecord> records, int count)
    {
        file.Append(records);
        recordCount += count;
    }

    private void CompactIfDeadOutweighLiving()
    {
        if (DeadRecords < compactAt || DeadRecords <= Count)
        {
            return;
        }

        try
        {
            file.Replace(items.InOrder().Select(item => new AddRecord(item)));
            recordCount = Count;
            compactAt = FewRecords;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            compactAt = DeadRecords + FewRecords;
            LogNotCompacted(logger, exception, file.Path);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The last {Bytes} bytes of the queue file {Path} are a torn record and were cut off; a step it named is found in the database.")]
    private static partial void LogTornTail(ILogger logger, long bytes, string path);

    [LoggerMessage(LogLevel.Warning, "The queue file {Path} holds no record; it was moved to {Aside} and the queue starts empty, to be filled from the database.")]
    private static partial void LogSetAside(ILogger logger, string path, string aside);

    [LoggerMessage(LogLevel.Warning, "The queue file {Path} could not be compacted; it goes on growing and is tried again later.")]
    private static partial void LogNotCompacted(ILogger logger, Exception exception, string path);
}
