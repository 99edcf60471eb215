using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>The first thing of a clean stop: another pod may lead at once, and all see that this one drains.</summary>
internal sealed partial class Farewell(Election election, LocalBeat beat, ILogger<Farewell> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await election.ResignAsync(cancellationToken);
            await beat.BeatAsync(cancellationToken);
        }
        catch (Exception fault) when (fault is DbException or DatabaseUnavailableException or OperationCanceledException)
        {
            LogUnsaid(logger, fault);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The other pods could not be told that this one stops; its lead runs out by itself.")]
    private static partial void LogUnsaid(ILogger logger, Exception fault);
}
