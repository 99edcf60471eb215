using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Runs before any loop: counts the steps and gives back what an earlier process of this data directory still held.</summary>
internal sealed partial class FleetStart(
    Database database, StepCounters counters, StepEndings endings, PodIdentity identity, ILogger<FleetStart> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await counters.LoadAsync(database, cancellationToken);
        if (await endings.ReleaseRestoredAsync(cancellationToken) is { Count: > 0 } released)
        {
            LogReleased(logger, released.Count);
        }

        foreach (var pod in await database.ReadAsync(sql => PodStore.ListOfHostAsync(sql, identity.HostId), cancellationToken))
        {
            var freed = await endings.RecoverPodAsync(pod.PodId, cancellationToken);
            await database.WriteAsync(sql => PodStore.DeleteAsync(sql, pod.PodId), cancellationToken);
            if (freed.Count > 0)
            {
                LogFreed(logger, freed.Count, pod.PodId);
            }
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(LogLevel.Warning, "Put {Count} steps back in line that were held when the database was lost.")]
    private static partial void LogReleased(ILogger logger, int count);

    [LoggerMessage(LogLevel.Warning, "Took back {Count} steps that {PodId} held when it ended without a word.")]
    private static partial void LogFreed(ILogger logger, int count, string podId);
}
