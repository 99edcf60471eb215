using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Cancels steps: one conditional update decides against every claim, result and other cancel.</summary>
internal sealed class StepCancel(Database database, StepChanges changes, LocalPod pod, TimeProvider clock) : IStepCancel
{
    private static readonly StepStatus[] Active = [StepStatus.Pending, StepStatus.Claimed, StepStatus.Running];

    public async Task<CancelOutcome> CancelAsync(string stepId, string actor, string reason, CancellationToken cancellationToken)
    {
        var word = new Cancelling(actor, reason, Instant.Truncate(clock.GetUtcNow()));
        var (outcome, cancelled) = await database.WriteAsync(sql => CancelAsync(sql, stepId, Active, word), cancellationToken);
        Stop(cancelled);
        return outcome;
    }

    public async Task<IReadOnlyList<string>> CancelAsync(
        IReadOnlyList<string> stepIds, IReadOnlyList<StepStatus> only, string actor, string reason, CancellationToken cancellationToken)
    {
        var word = new Cancelling(actor, reason, Instant.Truncate(clock.GetUtcNow()));
        var cancelled = await database.WriteAsync(
            async sql =>
            {
                var rows = new List<StepRow>();
                foreach (var stepId in stepIds)
                {
                    rows.AddRange(await CancelAsync(sql, stepId, only, word) is { Cancelled: { } row } ? [row] : []);
                }

                return rows;
            },
            cancellationToken);
        cancelled.ForEach(Stop);
        return [.. cancelled.Select(row => row.StepId)];
    }

    /// <summary>Stops the run of what was cancelled, if it is here.</summary>
    private void Stop(StepRow? cancelled)
    {
        if (cancelled is { ClaimedBy: not null })
        {
            pod.StopCancelled(cancelled.Holder);
        }
    }

    private async Task<(CancelOutcome Outcome, StepRow? Cancelled)> CancelAsync(SqlSession sql, string stepId, IReadOnlyList<StepStatus> only, Cancelling word)
    {
        while (await StepStore.FindAsync(sql, stepId) is { } step)
        {
            if (!only.Contains(step.StepStatus))
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
