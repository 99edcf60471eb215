using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Looks a claim up in the steps themselves.</summary>
internal sealed class Fence(Database database, FleetMetrics metrics) : IFence
{
    public async Task<bool> MayLogAsync(Holder holder, CancellationToken cancellationToken)
    {
        // A pod that holds a step when it is cancelled stays named in it.
        var step = await database.ReadAsync(sql => StepStore.FindAsync(sql, holder.StepId), cancellationToken);
        var may = step is { Status: Status.Claimed or Status.Running or Status.Cancelled } && step.Holder == holder;
        if (!may)
        {
            metrics.Refused("log");
        }

        return may;
    }
}
