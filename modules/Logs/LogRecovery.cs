using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;

namespace Refinery.Logs;

/// <summary>Before anything else runs: takes in the logs that were being written when the process died, and finds every text again.</summary>
internal sealed partial class LogRecovery(
    Database database, LogStore store, LogArchive archive, LogDrafts drafts, LogIntake intake, LiveLogs live, ILogger<LogRecovery> logger) : IHostedService
{
    private const string Unreadable = ".unreadable";

    public const string CutShort = "[the log ends here: the process that wrote it died]";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        drafts.Clear();
        foreach (var (path, span) in archive.Unclear)
        {
            LogUnclear(logger, span.Length, span.Offset, path);
        }

        await FindTextsAsync(cancellationToken);
        foreach (var path in Directory.GetFiles(live.Folder).Where(path => !path.EndsWith(Unreadable, StringComparison.Ordinal)))
        {
            try
            {
                await TakeInAsync(path, cancellationToken);
            }
            catch (JsonException)
            {
                // Damaged, not torn: it is kept for a person.
                LogUnreadable(logger, path + Unreadable);
                File.Move(path, path + Unreadable, overwrite: true);
            }
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Missing after a death between text and row, and all of them when the database was made anew from the journal.
    private async Task FindTextsAsync(CancellationToken cancellationToken)
    {
        var known = await store.CountTextsAsync(cancellationToken);
        foreach (var segment in archive.Segments.Where(segment => segment.Texts.Length > known.GetValueOrDefault(segment.Number)))
        {
            foreach (var texts in Enumerable.Range(0, segment.Texts.Length).Chunk(500))
            {
                await database.WriteAsync(sql => AddTextsAsync(sql, segment, texts), cancellationToken);
            }

            LogFound(logger, segment.Number, segment.Texts.Length);
        }
    }

    private static async Task<bool> AddTextsAsync(SqlSession sql, LogSegment segment, int[] texts)
    {
        foreach (var text in texts.Select(number => segment.Texts.Span[number]))
        {
            await LogStore.InsertTextAsync(sql, segment.Sha256Of(text), new TextPlace(segment.Number, text.Offset, text.Length));
        }

        return true;
    }

    private async Task TakeInAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        if (await HeaderAsync(file, cancellationToken) is { } log && await store.FindAsync(log.LogId, cancellationToken) is null)
        {
            using var draft = drafts.New();
            await CopyAsync(file, draft, cancellationToken);
            draft.Append(Encoding.UTF8.GetBytes($"{(draft.EndsWithBreak ? string.Empty : "\n")}{CutShort}\n"));
            await intake.StoreAsync(log with { Timestamp = File.GetLastWriteTimeUtc(path) }, draft);
            LogTakenIn(logger, log.Name, log.Version, draft.Lines);
        }

        File.Delete(path);
    }

    // Null when the process died before the line was whole: nothing was written behind it then.
    private static async Task<NewLog?> HeaderAsync(FileStream file, CancellationToken cancellationToken)
    {
        var header = new byte[Math.Min(file.Length, LogNames.MaxHeader)];
        await file.ReadExactlyAsync(header, cancellationToken);
        var length = header.AsSpan().IndexOf((byte)'\n');
        file.Position = length + 1;
        return length < 0 ? null : JsonSerializer.Deserialize<NewLog>(header.AsSpan(0, length), RefineryJson.Options);
    }

    private static async Task CopyAsync(FileStream file, LogDraft draft, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 << 10];
        while (await file.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            draft.Append(buffer.AsSpan(0, read));
        }
    }

    [LoggerMessage(LogLevel.Information, "Segment {Segment} holds texts that the database did not know; its {Texts} texts were gone through.")]
    private static partial void LogFound(ILogger logger, int segment, int texts);

    [LoggerMessage(LogLevel.Warning, "{Bytes} bytes at {Offset} of {Path} are no whole log, half written when the process died or damaged since; they stay as they are, and verify tells whether a stored log is concerned.")]
    private static partial void LogUnclear(ILogger logger, int bytes, int offset, string path);

    [LoggerMessage(LogLevel.Warning, "A log that was being written when the process died has a damaged first line; it was kept as {Path}.")]
    private static partial void LogUnreadable(ILogger logger, string path);

    [LoggerMessage(LogLevel.Information, "The log of {Name} {Version} was being written when the process died; {Lines} lines were kept.")]
    private static partial void LogTakenIn(ILogger logger, string name, string version, int lines);
}
