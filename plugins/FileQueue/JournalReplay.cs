using Microsoft.Extensions.Logging;
using Refinery.Contract;

namespace Refinery.FileQueue;

/// <summary>Reads a journal from its first line to its last whole one and keeps what still waits.</summary>
/// <remarks>
/// A line that is no record is skipped and named in a warning: the database holds the truth, so an item lost here is found
/// there, and an item that comes twice is dropped when it is claimed.
/// </remarks>
internal sealed partial class JournalReplay(string path, ILogger logger)
{
    private const int MostWarnings = 10;

    private readonly RecordReader records = new();
    private readonly Dictionary<string, (long Line, QueueItem Item)> waiting = new(StringComparer.Ordinal);

    public long Lines { get; private set; }

    public long BadLines { get; private set; }

    /// <summary>Bytes up to and including the last whole line; what follows is torn.</summary>
    public long WholeLength { get; private set; }

    /// <summary>The items that still wait, in the order they came.</summary>
    public IEnumerable<QueueItem> Waiting => waiting.Values.OrderBy(entry => entry.Line).Select(entry => entry.Item);

    public void Read(Stream stream)
    {
        var reader = new LineReader(stream);
        while (reader.TryRead(out var line))
        {
            Lines++;
            Apply(records.Read(line));
        }

        WholeLength = reader.WholeLength;
        if (BadLines > MostWarnings)
        {
            LogMoreBadLines(logger, path, BadLines - MostWarnings);
        }
    }

    private void Apply(JournalRecord? record)
    {
        switch (record)
        {
            case AddRecord add:
                waiting.TryAdd(add.Item.StepId, (Lines, add.Item));
                break;
            case PopRecord pop:
                waiting.Remove(pop.StepId);
                break;
            case ClearRecord:
                waiting.Clear();
                break;
            default:
                CountBadLine();
                break;
        }
    }

    private void CountBadLine()
    {
        if (++BadLines <= MostWarnings)
        {
            LogBadLine(logger, Lines, path);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Line {Line} of the queue file {Path} is not a record and was skipped; a step it named is found in the database.")]
    private static partial void LogBadLine(ILogger logger, long line, string path);

    [LoggerMessage(LogLevel.Warning, "{Count} more lines of the queue file {Path} are not records and were skipped.")]
    private static partial void LogMoreBadLines(ILogger logger, string path, long count);
}
