using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Refinery.Kernel.Work;

/// <summary>The base of every loop that has a clock: one job at a steady pace; a fault is logged and the next round comes.</summary>
public abstract partial class PeriodicLoop(TimeSpan period, TimeProvider clock, ILogger logger) : BackgroundService
{
    /// <summary>One round of the job.</summary>
    protected abstract Task RunOnceAsync(CancellationToken cancellationToken);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(period, clock);
        try
        {
            do
            {
                await RunGuardedAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task RunGuardedAsync(CancellationToken stoppingToken)
    {
        try
        {
            await RunOnceAsync(stoppingToken);
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            LogFault(logger, fault, GetType().Name);
        }
    }

    [LoggerMessage(LogLevel.Error, "A round of {Loop} failed; the next one comes.")]
    private static partial void LogFault(ILogger logger, Exception fault, string loop);
}
