using System.Buffers;
using System.Data.Common;
using Microsoft.Extensions.Logging;
using Refinery.Kernel.Storage;

namespace Refinery.Kernel.Journal;

/// <summary>The journal on disk: every committed event as one line, in order, to be read, copied and verified with <c>jq</c> and <c>sha256sum</c>.</summary>
/// <remarks>
/// The database is the truth and the file follows it: one write a commit, no flush to disk. What a crash leaves out is added at
/// the next start. An empty database is rebuilt from the file. Source: docs/spec/event-graph.md, "Journal on disk".
/// </remarks>
public sealed partial class JournalFile(EventJournal journal, IEnumerable<IRestore> restores, ILogger<JournalFile> logger) : IDisposable
{
    private const int PageSize = 500;
    private const int KeptBuffer = 1 << 20;

    private readonly Lock gate = new();
    private ArrayBufferWriter<byte> buffer = new(64 << 10);
    private FileStream? file;
    private long sequence;
    private long length;
    private bool isBehind = true;

    /// <summary>Makes file and database agree, and follows every commit from then on. Called once, before anything is appended.</summary>
    /// <param name="path">Made when absent.</param>
    /// <exception cref="JournalFileException">The file is broken or contradicts the database; nothing was changed.</exception>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be read or written.</exception>
    public async Task OpenAsync(string path, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path)) ?? ".");
        file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var reader = new JournalFileReader(path);
        CutTornEnd(path, reader.WholeLength());
        file.Position = file.Length;
        var inFile = reader.Head();
        var inDatabase = await journal.HeadAsync(cancellationToken);
        if (inDatabase.Sequence == 0 && inFile.Sequence > 0)
        {
            await journal.RestoreAsync(reader.Chain, [.. restores], cancellationToken);
            LogRestored(logger, inFile.Sequence, path);
        }
        else
        {
            await RequireAgreementAsync(path, inFile, inDatabase, cancellationToken);
        }

        (sequence, length) = (inFile.Sequence, file.Length);
        Follow([]);

        journal.Hear(Follow);
    }

    /// <summary>Closes the file; what is committed afterwards is added at the next start.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            file?.Dispose();
            file = null;
        }
    }

    /// <summary>What is said of a file that holds more than its database.</summary>
    internal static string Ahead(string path, JournalHead inFile, JournalHead inDatabase) =>
        $"The journal file '{path}' goes on to event {inFile.Sequence} but the database ends at {inDatabase.Sequence}; "
        + "bring back the database that belongs to the file, or move one of the two away.";

    private void CutTornEnd(string path, long whole)
    {
        if (file is { } open && open.Length > whole)
        {
            LogTorn(logger, path, open.Length - whole);
            open.SetLength(whole);
        }
    }

    /// <summary>The hash of the file's last line vouches for all lines before it.</summary>
    private async Task RequireAgreementAsync(string path, JournalHead inFile, JournalHead inDatabase, CancellationToken cancellationToken)
    {
        if (inFile.Sequence > inDatabase.Sequence)
        {
            throw new JournalFileException(Ahead(path, inFile, inDatabase));
        }

        var stored = inFile.Sequence == 0 ? null : (await journal.ListAfterAsync(inFile.Sequence - 1, 1, cancellationToken))[0].Hash;
        if (stored != inFile.Hash)
        {
            throw new JournalFileException(
                $"The journal file '{path}' contradicts the database: its event {inFile.Sequence} has the hash {inFile.Hash}, the database's {stored}; "
                + "move the file away to have it written anew.");
        }
    }

    /// <summary>Runs on the writer's thread, so one write and no wait, unless lines are missing: then they are added first.</summary>
    private void Follow(IReadOnlyList<JournalEvent> links)
    {
        lock (gate)
        {
            if (file is not { } open)
            {
                return;
            }

            try
            {
                if (isBehind)
                {
                    CatchUp(open);
                }
                else
                {
                    Write(open, links);
                }
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or DbException or DatabaseUnavailableException or ObjectDisposedException)
            {
                LogBehind(logger, fault, open.Name);
                isBehind = true;
            }
        }
    }

    /// <summary>The database holds every line that the file lacks, those of the latest commit too.</summary>
    private void CatchUp(FileStream open)
    {
        open.SetLength(length);
        open.Position = length;
        while (journal.ListAfterAsync(sequence, PageSize, CancellationToken.None).GetAwaiter().GetResult() is { Count: > 0 } page)
        {
            Write(open, page);
        }

        isBehind = false;
    }

    private void Write(FileStream open, IReadOnlyList<JournalEvent> links)
    {
        buffer.ResetWrittenCount();
        foreach (var link in links)
        {
            JournalLine.Write(buffer, link);
        }

        open.Write(buffer.WrittenSpan);
        length += buffer.WrittenCount;
        sequence = links[^1].Sequence;
        if (buffer.Capacity > KeptBuffer)
        {
            buffer = new ArrayBufferWriter<byte>(KeptBuffer);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The journal file {Path} ended in {Bytes} bytes of a torn line; they were cut off.")]
    private static partial void LogTorn(ILogger logger, string path, long bytes);

    [LoggerMessage(LogLevel.Information, "The empty database was rebuilt from the {Events} events of the journal file {Path}.")]
    private static partial void LogRestored(ILogger logger, long events, string path);

    [LoggerMessage(LogLevel.Warning, "The journal file {Path} cannot be written; the next commit tries again and adds what is missing.")]
    private static partial void LogBehind(ILogger logger, Exception fault, string path);
}
