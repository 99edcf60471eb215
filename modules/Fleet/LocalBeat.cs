using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Says for the pod inside this process that it lives, and knows how long it was not heard.</summary>
/// <remarks>Waits for nothing that running steps hold: a pod whose every slot is busy beats as one that idles.</remarks>
internal sealed class LocalBeat(
    Database database, LocalPod pod, PodIdentity identity, IOptions<FleetOptions> options, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    private readonly long startedAt = clock.GetTimestamp();
    private long heardAt = clock.GetTimestamp();

    /// <summary>How long this pod has lived.</summary>
    public TimeSpan Uptime => clock.GetElapsedTime(startedAt);

    /// <summary>False once others count this pod as dead.</summary>
    public bool IsHeard => clock.GetElapsedTime(Interlocked.Read(ref heardAt)) < options.Value.DeadAfter;

    public async Task BeatAsync(CancellationToken cancellationToken)
    {
        var asked = clock.GetTimestamp();
        var row = new PodRow
        {
            PodId = identity.PodId,
            HostId = identity.HostId,
            Kinds = JsonSerializer.Serialize(pod.Types.Order(StringComparer.Ordinal)),
            Capacity = options.Value.Capacity,
            Running = pod.Running,
            Version = FleetModule.Version,
            State = lifetime.ApplicationStopping.IsCancellationRequested ? PodState.Draining : PodState.Live,
            BeatAt = clock.GetUtcNow(),
        };
        await database.WriteAsync(sql => PodStore.BeatAsync(sql, row), cancellationToken);
        Interlocked.Exchange(ref heardAt, asked);
    }

    /// <summary>Takes this pod off the list, unless it still holds steps: then the next start finds it there and frees them.</summary>
    public Task LeaveAsync(CancellationToken cancellationToken) => pod.Held.Count > 0
        ? Task.CompletedTask
        : database.WriteAsync(sql => PodStore.DeleteAsync(sql, identity.PodId), cancellationToken);
}
