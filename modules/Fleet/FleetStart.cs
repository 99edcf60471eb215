using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Runs before any loop: counts the steps that have not ended, gives back what an earlier process of this data directory still held, and registers this pod.</summary>
internal sealed partial class FleetStart(
    Database database, StepCounters counters, StepEndings endings, PodIdentity identity, LocalBeat beat, Election election,
    IOptions<FleetOptions> options, TimeProvider clock, ILogger<FleetStart> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await counters.LoadAsync(cancellationToken);
        if (await endings.ReleaseRestoredAsync(cancellationToken) is { Count: > 0 } released)
        {
            LogReleased(logger, released.Count);
        }

        await ReplaceAsync(cancellationToken);

        await RefreshAsync(cancellationToken);
        await beat.BeatAsync(cancellationToken);
        await election.CheckAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Nobody could renew while no host was there; who has worked on through it finds its lease as it left it.</summary>
    private Task<int> RefreshAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return database.WriteAsync(
            async sql => await PodStore.HasHostAsync(sql, after: now - (2 * options.Value.Heartbeat))
                ? 0
                : await StepStore.RefreshLeasesAsync(sql, after: DateTimeOffset.MinValue, now + options.Value.Lease),
            cancellationToken);
    }

    /// <summary>Takes over from earlier pods of this directory: their steps, their lead, their place in the list.</summary>
    private async Task ReplaceAsync(CancellationToken cancellationToken)
    {
        foreach (var pod in await database.ReadAsync(sql => PodStore.ListOfHostAsync(sql, identity.HostId), cancellationToken))
        {
            var freed = await endings.RecoverPodAsync(pod.PodId, cancellationToken);
            await database.WriteAsync(
                async sql => await PodStore.DeleteAsync(sql, pod.PodId) + await LeaderStore.VacateAsync(sql, pod.PodId), cancellationToken);
            if (freed.Count > 0)
            {
                LogFreed(logger, freed.Count, pod.PodId);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Put {Count} steps back in line that were held when the database was lost.")]
    private static partial void LogReleased(ILogger logger, int count);

    [LoggerMessage(LogLevel.Warning, "Took back {Count} steps that {PodId} held when it ended without a word.")]
    private static partial void LogFreed(ILogger logger, int count, string podId);
}
