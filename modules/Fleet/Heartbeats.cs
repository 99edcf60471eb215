using System.Text.Json;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Takes in the heartbeats of pods elsewhere.</summary>
internal sealed class Heartbeats(Database database, StepClaims claims, PodIdentity identity, TimeProvider clock)
{
    /// <summary>Keeps that the pod lives.</summary>
    /// <returns>Who leads, and what the pod should stop.</returns>
    public async Task<HeartbeatAnswer> TakeAsync(HeartbeatBody beat, CancellationToken cancellationToken)
    {
        var pod = new PodRow
        {
            PodId = beat.PodId,
            Kinds = JsonSerializer.Serialize(beat.Kinds),
            Capacity = beat.Capacity,
            Running = beat.Running,
            Version = beat.Version,
            BeatAt = clock.GetUtcNow(),
        };
        await database.WriteAsync(sql => PodStore.BeatAsync(sql, pod), cancellationToken);
        return new HeartbeatAnswer(identity.PodId, await claims.ListLostAsync(beat.PodId, beat.Steps ?? [], cancellationToken));
    }
}
