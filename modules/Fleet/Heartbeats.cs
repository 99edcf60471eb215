using System.Text.Json;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Takes in the heartbeats of pods elsewhere.</summary>
internal sealed class Heartbeats(Database database, StepClaims claims, StepEndings endings, TimeProvider clock)
{
    /// <summary>Keeps that the pod lives. One that drains and names what it holds gives back whatever else it was given.</summary>
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
            State = beat.Draining ? PodState.Draining : PodState.Live,
            BeatAt = clock.GetUtcNow(),
        };
        var leader = await database.WriteAsync(
            async sql =>
            {
                await PodStore.BeatAsync(sql, pod);
                return (await LeaderStore.ReadAsync(sql)).PodId;
            },
            cancellationToken);
        if (beat is { Draining: true, Steps: { } held })
        {
            await endings.ReleaseOthersAsync(beat.PodId, held, cancellationToken);
        }

        return new HeartbeatAnswer(leader, await claims.ListLostAsync(beat.PodId, beat.Steps ?? [], cancellationToken));
    }
}
