using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Refinery.Kernel.Storage;

/// <summary>Asks a server that has answered nobody for a while whether it is there, over a connection of its own, and tells those who wait when it is not.</summary>
public sealed partial class ReachLoop(Database database, TimeProvider clock, ILogger<ReachLoop> logger) : BackgroundService
{
    /// <summary>Two of them without an answer while somebody waits are a silence.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(200);

    /// <summary>The simplest question takes a thousandth of it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private DbConnection? connection;
    private Task? asking;
    private long asked;
    private long known;
    private int silent;

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!database.IsShared)
        {
            return;
        }

        try
        {
            await LookAsync(stoppingToken);
        }
        finally
        {
            await (asking ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await LeaveAsync();
        }
    }

    private async Task LookAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Beat, clock);
        var last = clock.GetTimestamp();
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var now = clock.GetTimestamp();
            if (clock.GetElapsedTime(last, now) > 3 * Beat)
            {
                // Who is late himself cannot tell whether the other is.
                (asked, silent) = (now, 0);
            }

            last = now;
            Look(now, stoppingToken);
        }
    }

    private void Look(long now, CancellationToken stoppingToken)
    {
        var answers = database.Answers;
        silent = database.IsAsked && answers == known ? silent + 1 : 0;
        known = answers;
        if (asking is null && (database.IsAway || silent >= 2))
        {
            (asking, asked) = (AskAsync(stoppingToken), now);
        }

        if (asking is { IsCompleted: true } done)
        {
            asking = null;
            Judge(done);
        }
        else if (asking is not null && !database.IsAway && clock.GetElapsedTime(asked, now) >= Patience)
        {
            LogAway(logger, Patience.TotalSeconds);
            database.GiveUp();
        }
    }

    /// <summary>A server that refuses is not silent: those who wait hear that themselves.</summary>
    private void Judge(Task done)
    {
        _ = done.Exception;
        if (done.IsCompletedSuccessfully && database.IsAway)
        {
            LogBack(logger);
            database.Regain();
        }
    }

    private async Task AskAsync(CancellationToken stoppingToken)
    {
        try
        {
            connection ??= await database.ConnectAsync(stoppingToken);
            await using var command = connection.CreateCommand();
            (command.CommandText, command.CommandTimeout) = ("SELECT 1", 2);
            await command.ExecuteScalarAsync(stoppingToken);
        }
        catch (Exception fault) when (fault is DbException or InvalidOperationException or TimeoutException or OperationCanceledException)
        {
            await LeaveAsync();
            throw;
        }
    }

    private async ValueTask LeaveAsync()
    {
        var broken = connection;
        connection = null;
        await (broken?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [LoggerMessage(LogLevel.Warning, "The database has not answered for {Seconds} s and more; calls are told to come back until it does.")]
    private static partial void LogAway(ILogger logger, double seconds);

    [LoggerMessage(LogLevel.Information, "The database answers again.")]
    private static partial void LogBack(ILogger logger);
}
