using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Looks a claim up in the steps themselves.</summary>
internal sealed class Fence(Database database, FleetMetrics metrics) : IFence
{
    public async Task<bool> MayLogAsync(Holder holder, CancellationToken cancellationToken)
    {
        var may = await database.ReadAsync(
            async sql => await StepChanges.FindHeldAsync(sql, holder) is not null || await IsCancelledAsync(sql, holder), cancellationToken);
        if (!may)
        {
            metrics.Refused("log");
        }

        return may;
    }

    /// <summary>A pod that holds a step when it is cancelled stays named in it.</summary>
    private static async Task<bool> IsCancelledAsync(SqlSession sql, Holder holder) =>
        await StepStore.FindAsync(sql, holder.StepId) is { Status: Status.Cancelled } row && row.Holder == holder;
}
