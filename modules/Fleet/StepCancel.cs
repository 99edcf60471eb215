using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Cancels steps: whichever unit is written first, of a cancel, a claim and a result, decides.</summary>
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
        if (await StepStore.FindAsync(sql, stepId) is not { } step)
        {
            return (CancelOutcome.Unknown, null);
        }

        return only.Contains(step.StepStatus) ? (CancelOutcome.Cancelled, await changes.CancelAsync(sql, step, word)) : (CancelOutcome.Finished, null);
    }
}
