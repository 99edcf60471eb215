using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Refinery.Kernel.Storage;

namespace Refinery.Logs;

/// <summary>Where hosts share the logs: keeps the archive of this one in step with what all store.</summary>
internal sealed partial class LogTakeIn(
    Database database, SharedTexts texts, LogBodies bodies, LogArchive archive, TimeProvider clock, ILogger<LogTakeIn> logger) : BackgroundService
{
    // Notices save waiting; this is what is counted on.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private long? tidied;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (database.IsShared && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                var wanted = texts.Wanted;
                while (await texts.TakeInAsync(stoppingToken))
                {
                }

                await texts.TryAgainAsync(stoppingToken);
                await TidyAsync(stoppingToken);
                await Task.WhenAny(wanted, Task.Delay(Look, clock, stoppingToken));
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is DatabaseUnavailableException or DbException or IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                LogLate(logger, fault, Pause.TotalSeconds);
                await Task.WhenAny(Task.Delay(Pause, clock, stoppingToken));
            }
        }
    }

    /// <summary>At the start, and then every day.</summary>
    private async Task TidyAsync(CancellationToken cancellationToken)
    {
        if (tidied is not { } last || clock.GetElapsedTime(last) > Day)
        {
            await texts.ShareOwnAsync(archive, cancellationToken);
            await bodies.SweepAsync(cancellationToken);
            tidied = clock.GetTimestamp();
        }
    }

    [LoggerMessage(LogLevel.Warning, "The texts of logs that other hosts have stored cannot be taken in just now; it is tried again in {Seconds} s.")]
    private static partial void LogLate(ILogger logger, Exception fault, double seconds);
}
