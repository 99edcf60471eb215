using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Graph;

/// <summary>Finds the events of a step through the nodes of its task and its attempts.</summary>
internal sealed class StepJournal(Database database, EventJournal journal) : IStepJournal
{
    public async Task<IReadOnlyList<JournalEvent>> ListAsync(string stepId, CancellationToken cancellationToken)
    {
        // What is committed between the reads would be seen by the later of them only.
        var head = await journal.HeadAsync(cancellationToken);
        var events = await database.ReadAsync(sql => NodeEvents.ListOwnAsync(sql, stepId), cancellationToken);
        return [.. events.Where(link => link.Sequence <= head.Sequence).OrderBy(link => link.Sequence)];
    }
}
