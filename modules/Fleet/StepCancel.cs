using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Cancels steps: one conditional update decides against every claim, result and other cancel.</summary>
internal sealed class StepCancel(Database database, StepChanges changes, LocalPod pod, TimeProvider clock) : IStepCancel
{
    public async Task<CancelOutcome> CancelAsync(string stepId, string actor, string reason, CancellationToken cancellationToken)
    {
        var word = new Cancelling(actor, reason, Instant.Truncate(clock.GetUtcNow()));
        var (outcome, cancelled) = await database.WriteAsync(sql => CancelAsync(sql, stepId, word), cancellationToken);
        if (cancelled is { ClaimedBy: not null })
        {
            pod.StopCancelled(cancelled.Holder);
        }

        return outcome;
    }

    private async Task<(CancelOutcome Outcome, StepRow? Cancelled)> CancelAsync(SqlSession sql, string stepId, Cancelling word)
    {
        while (await StepStore.FindAsync(sql, stepId) is { } step)
        {
            if (step.Status is not (Status.Pending or Status.Claimed or Status.Running))
            {
                return (CancelOutcome.Finished, null);
            }

            // Where another host may claim or finish it between the two statements, what it is then is looked at anew.
            if (await changes.CancelAsync(sql, step, word) is { } cancelled)
            {
                return (CancelOutcome.Cancelled, cancelled);
            }
        }

        return (CancelOutcome.Unknown, null);
    }
}
