using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Moves steps from status to status: the row by one conditional update, the counts once it is committed.</summary>
internal sealed class StepChanges(StepCounters counters)
{
    /// <summary>The step that a pod says it holds; null when it does not, or no longer.</summary>
    public static async Task<StepRow?> FindHeldAsync(SqlSession sql, Holder holder) =>
        await StepStore.FindAsync(sql, holder.StepId) is { Status: Status.Claimed or Status.Running } step
        && step.ClaimedBy == holder.PodId
        && step.Fence == holder.Fence
            ? step
            : null;

    /// <summary>Makes a step what it is to be.</summary>
    /// <param name="before">As this unit has read it.</param>
    /// <returns>The step as it is then; null when somebody else was quicker and nothing was changed.</returns>
    public async Task<StepRow?> MakeAsync(SqlSession sql, StepRow before, StepRow after)
    {
        if (await StepStore.ChangeAsync(sql, before, after) == 0)
        {
            return null;
        }

        sql.AfterCommit(() => counters.Move(after.Type, before.Status, after.Status));
        return after;
    }
}
