using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>What a step is to be.</summary>
/// <param name="Before">As the unit has read it.</param>
internal sealed record StepChange(StepRow Before, StepRow After);

/// <summary>A step that is to be given to a pod.</summary>
/// <param name="Status"><see cref="Fleet.Status.Claimed"/>, or running when the pod starts it in the same breath.</param>
internal sealed record Claiming(string StepId, string PodId, string Status, DateTimeOffset Now, DateTimeOffset LeaseUntil)
{
    /// <summary>What it makes of a step that is due.</summary>
    public StepRow Of(StepRow step) => step with
    {
        Status = Status, ClaimedBy = PodId, Fence = step.Fence + 1, Attempts = step.Attempts + 1, LeaseUntil = LeaseUntil, NotBefore = null, UpdatedAt = Now,
    };
}

/// <summary>A lease that is to be prolonged.</summary>
internal sealed record Renewal(string StepId, string PodId, long Fence, DateTimeOffset Until);

/// <summary>The right to run until an instant.</summary>
internal sealed record Lease(DateTimeOffset Now, DateTimeOffset Until)
{
    /// <summary>The lease of a claim that goes on.</summary>
    public Renewal Of(Holder holder) => new(holder.StepId, holder.PodId, holder.Fence, Until);
}
