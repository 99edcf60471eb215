using Microsoft.Extensions.Options;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Reads who is there and who leads, for answers.</summary>
internal sealed class FleetView(Database database, IOptions<FleetOptions> options, TimeProvider clock)
{
    public Task<FleetNow> ReadAsync(CancellationToken cancellationToken) => database.ReadAsync(ReadAsync, cancellationToken);

    /// <summary>As part of a larger reading.</summary>
    public async Task<FleetNow> ReadAsync(SqlSession sql) =>
        new(await LeaderStore.ReadAsync(sql), await PodStore.ListAsync(sql), clock.GetUtcNow() - options.Value.DeadAfter);
}

/// <summary>The pods at one moment.</summary>
/// <param name="Leader">The lead as it is kept; it has no pod while none leads.</param>
/// <param name="Pods">All that are known, eldest first.</param>
/// <param name="AliveSince">Who has not beaten since is dead.</param>
internal sealed record FleetNow(LeaderRow Leader, IReadOnlyList<PodRow> Pods, DateTimeOffset AliveSince)
{
    public IEnumerable<PodRow> Alive => Pods.Where(IsAlive);

    public bool IsAlive(PodRow pod) => pod.BeatAt >= AliveSince && pod.State != PodState.Dead;
}
