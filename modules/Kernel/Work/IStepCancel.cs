namespace Refinery.Kernel.Work;

/// <summary>How other modules end a step before its time. Fleet implements it.</summary>
public interface IStepCancel
{
    /// <summary>
    /// Cancels the step wherever it stands: a waiting one is never called, a claimed or running one is no longer its pod's. The pod inside this
    /// process stops it at once, pods elsewhere are told at their next renewal or heartbeat, and what they still report is refused by its fence.
    /// </summary>
    /// <param name="stepId">The id of the step.</param>
    /// <param name="actor">Who cancels, as the journal names who acts.</param>
    /// <param name="reason">One sentence: who and why; it is journalled and ends the log.</param>
    /// <returns>Of callers that race each other or a result, exactly one is told <see cref="CancelOutcome.Cancelled"/> or none.</returns>
    Task<CancelOutcome> CancelAsync(string stepId, string actor, string reason, CancellationToken cancellationToken);

    /// <summary>Cancels many steps in one unit, each as if it were alone.</summary>
    /// <param name="stepIds">Their ids.</param>
    /// <param name="only">A step that has none of these statuses by then is left alone.</param>
    /// <param name="actor">Who cancels, as the journal names who acts.</param>
    /// <param name="reason">One sentence: who and why.</param>
    /// <returns>The ids of those that this call has cancelled, in the order given; of the others nothing was changed.</returns>
    Task<IReadOnlyList<string>> CancelAsync(
        IReadOnlyList<string> stepIds, IReadOnlyList<StepStatus> only, string actor, string reason, CancellationToken cancellationToken);
}

/// <summary>What became of a wish to cancel a step.</summary>
public enum CancelOutcome
{
    /// <summary>The step is cancelled, by this call.</summary>
    Cancelled,

    /// <summary>It had ended before, nothing was changed.</summary>
    Finished,

    /// <summary>There is no such step.</summary>
    Unknown,
}
