using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Refinery.Kernel.Storage;

/// <summary>Hears what other hosts on the database tell, over a connection of its own that is made anew whenever it is lost.</summary>
public sealed partial class NoticeLoop(Database database, TimeProvider clock, ILogger<NoticeLoop> logger) : BackgroundService
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = Shortest;
        while (database.IsShared && !stoppingToken.IsCancellationRequested)
        {
            var start = clock.GetTimestamp();
            try
            {
                await using var connection = (NpgsqlConnection)await database.ConnectAsync(stoppingToken);
                await database.Notices.ListenAsync(connection, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is DbException or InvalidOperationException)
            {
                LogDeaf(logger, fault, pause.TotalSeconds);
            }

            pause = clock.GetElapsedTime(start) > Longest ? Shortest : pause;
            await Task.Delay(pause, clock, stoppingToken);
            pause = pause * 2 < Longest ? pause * 2 : Longest;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Other hosts cannot be heard just now; the connection to the database is made anew in {Seconds} s.")]
    private static partial void LogDeaf(ILogger logger, Exception fault, double seconds);
}
