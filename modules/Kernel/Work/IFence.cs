namespace Refinery.Kernel.Work;

/// <summary>Tells whose word about a step counts. Fleet implements it.</summary>
public interface IFence
{
    /// <summary>Whether a pod may write the log of an attempt: it holds the step, or held it when it was cancelled. A refusal is counted.</summary>
    Task<bool> MayLogAsync(Holder holder, CancellationToken cancellationToken);
}

/// <summary>Who says it holds a step, and under which fence.</summary>
/// <param name="StepId">The step's id.</param>
/// <param name="PodId">The pod's id.</param>
/// <param name="Fence">As the claim had it.</param>
public sealed record Holder(string StepId, string PodId, long Fence);
