using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.History;

/// <summary>Writes the rows and counters of wheel events from the journal.</summary>
internal sealed class HistoryProjection : IProjection
{
    /// <inheritdoc />
    public string Name => "history";

    /// <inheritdoc />
    public async Task ResetAsync(SqlSession sql)
    {
        await HistoryStore.ResetAsync(sql);
        await HistoryCounterStore.ResetAsync(sql);
    }

    /// <inheritdoc />
    public async Task ApplyAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        var counters = new HistoryCounters();
        var rows = events.SelectMany(WheelEvents.Rows).ToList();
        await HistoryStore.InsertAsync(sql, rows);
        rows.ForEach(counters.Add);

        foreach (var hour in counters.Hours)
        {
            await HistoryCounterStore.AddAsync(sql, hour);
        }

        foreach (var package in counters.Packages)
        {
            await HistoryCounterStore.AddAsync(sql, package);
        }
    }
}
