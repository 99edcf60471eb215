using System.Collections.Concurrent;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>How many steps of each type have each status, kept in memory so that an answer never counts rows.</summary>
/// <remarks>Loaded once; then moved by each commit. Source of truth is the table: a restart counts afresh.</remarks>
internal sealed class StepCounters
{
    private readonly ConcurrentDictionary<(string Type, string Status), long> counts = new();

    public async Task LoadAsync(Database database, CancellationToken cancellationToken)
    {
        foreach (var row in await database.ReadAsync(StepStore.CountAsync, cancellationToken))
        {
            counts[(row.Type, row.Status)] = row.Count;
        }
    }

    public long Of(string type, string status) => counts.GetValueOrDefault((type, status));

    /// <summary>All counts of a status by type.</summary>
    public IEnumerable<KeyValuePair<string, long>> ByType(string status) =>
        counts.Where(count => count.Key.Status == status && count.Value > 0).Select(count => KeyValuePair.Create(count.Key.Type, count.Value));

    /// <summary>All steps with a status.</summary>
    public long Total(string status) => counts.Where(count => count.Key.Status == status).Sum(count => count.Value);

    public void Move(string type, string? from, string to)
    {
        counts.AddOrUpdate((type, to), 1, static (_, count) => count + 1);
        if (from is not null)
        {
            counts.AddOrUpdate((type, from), 0, static (_, count) => Math.Max(0, count - 1));
        }
    }
}
