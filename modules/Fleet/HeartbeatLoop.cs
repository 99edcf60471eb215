using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Says that this pod lives, prolongs its leases, and stops the runs whose lease is gone.</summary>
internal sealed class HeartbeatLoop(
    Database database, LocalPod pod, PodIdentity identity, StepClaims claims, IOptions<FleetOptions> options, TimeProvider clock, ILogger<HeartbeatLoop> logger)
    : PeriodicLoop(TimeSpan.FromSeconds(options.Value.HeartbeatSeconds), clock, logger)
{
    private readonly TimeProvider clock = clock;
    private readonly FleetOptions options = options.Value;

    protected override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var row = new PodRow
        {
            PodId = identity.PodId,
            HostId = identity.HostId,
            Kinds = JsonSerializer.Serialize(pod.Types.Order(StringComparer.Ordinal)),
            Capacity = options.LocalWorker == "1" ? options.Capacity : 0,
            Running = pod.Running,
            Version = FleetModule.Version,
            BeatAt = clock.GetUtcNow(),
        };
        await database.WriteAsync(sql => PodStore.BeatAsync(sql, row), cancellationToken);
        if (pod.Held is { Count: > 0 } held)
        {
            pod.StopLost(await claims.RenewAsync(held, cancellationToken));
        }
    }
}
