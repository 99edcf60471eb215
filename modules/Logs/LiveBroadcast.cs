using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Logs;

/// <summary>Where hosts share the logs: shows the others what is written here, a few times a second and all logs at once.</summary>
/// <remarks>The lines go to their files whether this keeps up or not; what could not be sent is sent later.</remarks>
internal sealed partial class LiveBroadcast(Database database, LiveLogs live, LiveLogStore store, TimeProvider clock, ILogger<LiveBroadcast> logger)
    : BackgroundService
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(10);

    /// <summary>A host that has not been seen for so long is dead; should it live, it begins anew.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    private readonly string host = Ids.RandomHex(8);
    private readonly Dictionary<string, LiveSending> sendings = new(StringComparer.Ordinal);
    private long? beaten;
    private bool isLate;

    public override void Dispose()
    {
        base.Dispose();
        foreach (var sending in sendings.Values)
        {
            sending.Dispose();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (database.IsShared && !stoppingToken.IsCancellationRequested)
        {
            var opened = live.Opened.Next;
            try
            {
                await RoundAsync(stoppingToken);
                isLate = false;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is DatabaseUnavailableException or DbException or IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                LogOnce(fault);
            }

            await (sendings.Count > 0 || live.List().Count > 0
                ? Task.WhenAny(Task.Delay(Pace, clock, stoppingToken))
                : Task.WhenAny(opened, Task.Delay(Beat, clock, stoppingToken)));
        }
    }

    private async Task RoundAsync(CancellationToken cancellationToken)
    {
        if (beaten is not { } last || clock.GetElapsedTime(last) > Beat)
        {
            var now = clock.GetUtcNow();
            await database.WriteAsideAsync(sql => LiveLogStore.BeatAsync(sql, host, now, now - Silence), cancellationToken);
            beaten = clock.GetTimestamp();
        }

        foreach (var log in live.List().Where(log => log.Length > 0 && !sendings.ContainsKey(log.Log.LogId)))
        {
            sendings.Add(log.Log.LogId, new LiveSending(log));
        }

        // Looked at first: a log that ends after this is removed in the next round.
        var ended = sendings.Values.Where(sending => sending.Log.IsEnded).ToList();
        var texts = sendings.Values.Except(ended).Select(sending => (Sending: sending, Text: Read(sending))).Where(one => one.Text is not null).ToList();
        if (ended.Count + texts.Count > 0)
        {
            await SendAsync([.. texts.Select(one => (one.Sending, one.Text!))], ended, cancellationToken);
        }
    }

    /// <summary>What is to be sent of a log; null when there is nothing, or its file cannot be read, which keeps no other back.</summary>
    private LiveText? Read(LiveSending sending)
    {
        try
        {
            return sending.Read();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            LogOnce(fault);
            return null;
        }
    }

    private async Task SendAsync(List<(LiveSending Sending, LiveText Text)> texts, List<LiveSending> ended, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var refused = new List<LiveSending>();
        await database.WriteAsideAsync(
            async sql =>
            {
                refused.Clear();
                foreach (var (sending, text) in texts)
                {
                    if (!await LiveLogStore.AppendAsync(sql, sending.Row(host, now), text))
                    {
                        refused.Add(sending);
                    }
                }

                foreach (var sending in ended)
                {
                    await LiveLogStore.DeleteAsync(sql, sending.Log.Log.LogId);
                }
            },
            cancellationToken);
        texts.ForEach(one => one.Sending.Sent = one.Text.End);
        ended.ForEach(Forget);
        foreach (var sending in refused)
        {
            // It was kept when the answer was lost, or swept while the database was away.
            sending.Sent = await store.LengthAsync(sending.Log.Log.LogId, cancellationToken) ?? 0;
        }
    }

    private void Forget(LiveSending ended)
    {
        sendings.Remove(ended.Log.Log.LogId);
        ended.Dispose();
    }

    private void LogOnce(Exception fault)
    {
        if (!isLate)
        {
            isLate = true;
            LogLate(logger, fault);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The logs being written cannot be shown to other hosts just now; they are kept here and shown when the database answers.")]
    private static partial void LogLate(ILogger logger, Exception fault);
}
