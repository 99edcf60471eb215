using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Graph;

/// <summary>Finds the events of a node in the journal, by their keys.</summary>
internal static class NodeEvents
{
    private const int PageSize = 500;

    /// <summary>Where the events stand that tell of a node, the newest <paramref name="limit"/> of them in any order.</summary>
    /// <param name="row">The node; null when there is none (yet).</param>
    public static async Task<IEnumerable<long>> SequencesAsync(SqlSession sql, string nodeId, NodeRow? row, int limit)
    {
        var sequences = await NodeStore.ListEventsAsync(sql, nodeId, long.MaxValue, limit);
        return row is null ? sequences : sequences.Append(row.Sequence);
    }

    /// <summary>The events of ours that tell of a step of ours and of its attempts; empty for a task of others.</summary>
    public static async Task<IReadOnlyList<JournalEvent>> ListOwnAsync(SqlSession sql, string stepId) =>
        [.. (await ListOfNodeAsync(sql, stepId)).Where(link => EventTypes.Task.Contains(link.EventType)), .. await ListOwnAttemptsAsync(sql, stepId)];

    /// <summary>The events of ours that tell of the attempts of a step of ours; empty for a task of others.</summary>
    /// <remarks>Each claim makes the next number, so the attempts end where one has no event. Edges would not do: anybody may draw any number of them.</remarks>
    public static async Task<IReadOnlyList<JournalEvent>> ListOwnAttemptsAsync(SqlSession sql, string stepId)
    {
        var events = new List<JournalEvent>();
        for (var number = 1; ; number++)
        {
            var told = (await ListOfNodeAsync(sql, AttemptId.Of(stepId, number))).Where(link => OwnTask.Of(link) == stepId).ToList();
            if (told.Count == 0)
            {
                return events;
            }

            events.AddRange(told);
        }
    }

    /// <summary>Our events of a node, page by page: were only so many read, others could crowd ours out, and were all kept, they could fill the memory.</summary>
    private static async Task<IReadOnlyList<JournalEvent>> ListOfNodeAsync(SqlSession sql, string nodeId)
    {
        var own = new List<JournalEvent>();
        IReadOnlyList<long> page;
        var before = long.MaxValue;
        do
        {
            page = await NodeStore.ListEventsAsync(sql, nodeId, before, PageSize);
            await AddAsync(page);
            before = page.Count == 0 ? before : page[^1];
        }
        while (page.Count == PageSize);

        if (await NodeStore.FindAsync(sql, nodeId) is { } row)
        {
            await AddAsync([row.Sequence]);
        }

        return own;

        async Task AddAsync(IReadOnlyList<long> sequences) => own.AddRange((await EventJournal.ListAsync(sql, sequences)).Where(link => link.Target is null));
    }
}
