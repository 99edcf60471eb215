using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Looks a claim up in the steps themselves.</summary>
internal sealed class Fence(Database database, FleetMetrics metrics) : IFence
{
    public async Task<bool> MayLogAsync(Holder holder, CancellationToken cancellationToken)
    {
        var may = await database.ReadAsync(
            async sql => await StepChanges.FindHeldAsync(sql, holder) is not null || await StepChanges.IsCancelledAsync(sql, holder), cancellationToken);
        if (!may)
        {
            metrics.Refused("log");
        }

        return may;
    }
}
