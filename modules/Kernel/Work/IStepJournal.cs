using Refinery.Kernel.Journal;

namespace Refinery.Kernel.Work;

/// <summary>Finds what the journal tells of a step. The Graph module implements it, since its tables know where each event stands.</summary>
public interface IStepJournal
{
    /// <summary>Refinery's own events of a step and of its attempts, found by their keys, however long the journal is.</summary>
    /// <param name="stepId">The step's id; any text.</param>
    /// <returns>In the journal's order, as of one moment; empty when it tells of no such step. What executors sent under the same ids is left out.</returns>
    Task<IReadOnlyList<JournalEvent>> ListAsync(string stepId, CancellationToken cancellationToken);
}
