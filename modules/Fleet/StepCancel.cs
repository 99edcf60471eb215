using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Cancels steps: one conditional update decides against every claim, result and other cancel.</summary>
internal sealed class StepCancel(Database database, StepCounters counters, LocalPod pod, TimeProvider clock) : IStepCancel
{
    public async Task<CancelOutcome> CancelAsync(string stepId, string reason, CancellationToken cancellationToken)
    {
        var (before, after) = await database.WriteAsync(sql => CancelAsync(sql, stepId, reason), cancellationToken);
        if (after is { ClaimedBy: { } holder })
        {
            pod.StopCancelled(new Holder(after.StepId, holder, after.Fence));
        }

        return (before, after) switch
        {
            (null, _) => CancelOutcome.Unknown,
            (_, null) => CancelOutcome.Finished,
            _ => CancelOutcome.Cancelled,
        };
    }

    private async Task<(StepRow? Before, StepRow? After)> CancelAsync(SqlSession sql, string stepId, string reason)
    {
        var ending = new Ending(Status.Cancelled, reason, Instant.Truncate(clock.GetUtcNow()));
        var before = await StepStore.FindAsync(sql, stepId);
        if (before is null || await StepStore.CancelAsync(sql, stepId, ending) is not { } after)
        {
            return (before, null);
        }

        // Who held it is read from the row that was changed: another host may have claimed it since the first look.
        var from = after.ClaimedBy is null ? Status.Pending : before.Status == Status.Pending ? Status.Claimed : before.Status;
        sql.Append(after.ClaimedBy is null ? StepEvents.Cancelled(after) : StepEvents.Invalidated(after, reason));
        if (StepEvents.BuildCancelled(after, from) is { } told)
        {
            sql.Append(told);
        }

        sql.AfterCommit(() => counters.Move(after.Type, from, after.Status));
        return (before, after);
    }
}
