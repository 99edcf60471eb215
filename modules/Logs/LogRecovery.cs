using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Refinery.Kernel.Web;

namespace Refinery.Logs;

/// <summary>Before anything else runs: takes in the logs that were being written when the process died, and finds every text again.</summary>
internal sealed partial class LogRecovery(
    LogArchive archive, ITextKeeper texts, LogStore store, LogDrafts drafts, LogIntake intake, LiveLogs live, LiveLogStore shown, ILogger<LogRecovery> logger) : IHostedService
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

        await texts.LoadAsync(cancellationToken);
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

    private async Task TakeInAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        var log = await HeaderAsync(file, cancellationToken);
        if (log is not null && await store.FindAsync(log.LogId, cancellationToken) is null)
        {
            using var draft = drafts.New();
            await draft.AppendAsync(file, cancellationToken);
            draft.Append(Encoding.UTF8.GetBytes($"{(draft.EndsWithBreak ? string.Empty : "\n")}{CutShort}\n"));
            await intake.StoreAsync(log with { Timestamp = File.GetLastWriteTimeUtc(path) }, draft);
            LogTakenIn(logger, log.Name, log.Version, draft.Lines);
        }

        await (log is null ? Task.CompletedTask : shown.RemoveAsync(log.LogId, cancellationToken));
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

    [LoggerMessage(LogLevel.Warning, "{Bytes} bytes at {Offset} of {Path} are no whole log, half written when the process died or damaged since; they stay as they are, and verify tells whether a stored log is concerned.")]
    private static partial void LogUnclear(ILogger logger, int bytes, int offset, string path);

    [LoggerMessage(LogLevel.Warning, "A log that was being written when the process died has a damaged first line; it was kept as {Path}.")]
    private static partial void LogUnreadable(ILogger logger, string path);

    [LoggerMessage(LogLevel.Information, "The log of {Name} {Version} was being written when the process died; {Lines} lines were kept.")]
    private static partial void LogTakenIn(ILogger logger, string name, string version, int lines);
}
