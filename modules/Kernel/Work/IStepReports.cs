using Refinery.Contract;

namespace Refinery.Kernel.Work;

/// <summary>Where a pod says what came of the steps it ran. Fleet implements it for the pod inside the host, the Worker module for one elsewhere.</summary>
/// <remarks>Safe to call from many threads at once.</remarks>
public interface IStepReports
{
    /// <summary>The pod that speaks.</summary>
    string PodId { get; }

    /// <summary>Reports an attempt that came to its end.</summary>
    /// <param name="step">As it was claimed.</param>
    /// <param name="facts">What is known beside the outcome.</param>
    /// <returns>Where the step stands now; null when the claim was no longer the pod's, or when that is not known yet.</returns>
    /// <exception cref="IOException">The disk takes nothing now: try again. So with a database that is away.</exception>
    /// <remarks>Not cancellable: the work is done.</remarks>
    Task<StepStatus?> FinishAsync(ClaimedStep step, StepOutcome outcome, RunFacts facts);

    /// <summary>Gives an attempt back that was stopped from outside; nothing happens when it is no longer the pod's.</summary>
    /// <param name="step">As it was claimed.</param>
    /// <param name="log">Its log as far as it came; null when there is none.</param>
    /// <param name="why">One sentence; it is journalled.</param>
    /// <returns>As <see cref="FinishAsync"/>.</returns>
    Task<StepStatus?> ReleaseAsync(ClaimedStep step, StoredLog? log, string why);

    /// <summary>Who cancelled the step and why, in one sentence; null when it was not cancelled since the pod claimed it, or nobody can tell now.</summary>
    /// <param name="step">As it was claimed.</param>
    Task<string?> WhyCancelledAsync(ClaimedStep step);
}

/// <summary>What is known about a run beside its outcome.</summary>
/// <param name="DurationMs">How long it ran in milliseconds; null when unknown.</param>
/// <param name="Log">The stored log; null when there is none.</param>
public sealed record RunFacts(long? DurationMs, StoredLog? Log)
{
    /// <summary>Nothing is known.</summary>
    public static RunFacts None { get; } = new(null, null);
}
