using System.Collections.Concurrent;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>How many steps of each type wait, are leased or run, kept in memory so that an answer never counts rows.</summary>
/// <remarks>
/// Loaded once from the indexes of those steps, then moved by each commit, which one thread announces. Source of truth is
/// the table: a restart counts afresh. Types are free text, so what reaches zero is forgotten.
/// </remarks>
internal sealed class StepCounters
{
    private readonly ConcurrentDictionary<(string Type, string Status), long> counts = new();
    private readonly ConcurrentDictionary<(string Type, long Priority), long> bands = new();
    private long waiting;
    private long taken;

    /// <summary>All steps that wait.</summary>
    public long Waiting => Interlocked.Read(ref waiting);

    /// <summary>How many types and priorities are known just now.</summary>
    public int Known => counts.Count + bands.Count;

    public async Task LoadAsync(Database database, CancellationToken cancellationToken)
    {
        var (pending, held) = await database.ReadAsync(
            async sql => (await StepStore.CountWaitingAsync(sql), await StepStore.CountHeldAsync(sql)), cancellationToken);
        foreach (var row in pending)
        {
            AddWaiting(row.Type, row.Priority, row.Count);
            Interlocked.Add(ref taken, row.Count);
        }

        foreach (var row in held)
        {
            Add(counts, (row.Type, row.Status), row.Count);
        }
    }

    /// <summary>Steps of a type that wait, are claimed or run; of those that have ended see <see cref="StepTotalStore"/>.</summary>
    public long Of(string type, string status) => counts.GetValueOrDefault((type, status));

    /// <summary>The types that steps wait or run of.</summary>
    public IEnumerable<string> Types => counts.Keys.Select(key => key.Type).Distinct(StringComparer.Ordinal);

    /// <summary>How many steps of each type and priority wait.</summary>
    public IReadOnlyList<WaitingCount> ListWaiting() =>
        [.. bands.Select(band => new WaitingCount { Type = band.Key.Type, Priority = band.Key.Priority, Count = band.Value })];

    /// <summary>Takes places among those that wait, for steps on their way into the queue; what does not come gives its place back.</summary>
    /// <param name="most">How many may wait.</param>
    /// <returns>False when there are not so many.</returns>
    public bool TryTakePlaces(int count, long most)
    {
        for (var seen = Interlocked.Read(ref taken); seen + count <= most;)
        {
            var before = Interlocked.CompareExchange(ref taken, seen + count, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    /// <summary>Gives back places that no step has come for.</summary>
    public void GiveBack(int count) => Interlocked.Add(ref taken, -count);

    /// <summary>A step has another status now.</summary>
    /// <param name="from">The status it had; null for a new one.</param>
    public void Move(StepRow step, string? from)
    {
        // A step that is new, or that had ended, has taken its place before it came.
        var hasPlace = step.Status == Status.Pending && from is not (Status.Claimed or Status.Running);
        Interlocked.Add(ref taken, (step.Status == Status.Pending && !hasPlace ? 1 : 0) - (from == Status.Pending ? 1 : 0));
        Count(step, from, -1);
        Count(step, step.Status, 1);
    }

    private void Count(StepRow step, string? status, long by)
    {
        if (status == Status.Pending)
        {
            AddWaiting(step.Type, step.Priority, by);
        }
        else if (status is Status.Claimed or Status.Running)
        {
            Add(counts, (step.Type, status), by);
        }
    }

    private void AddWaiting(string type, long priority, long by)
    {
        Interlocked.Exchange(ref waiting, Math.Max(0, waiting + by));
        Add(counts, (type, Status.Pending), by);
        Add(bands, (type, priority), by);
    }

    private static void Add<TKey>(ConcurrentDictionary<TKey, long> counts, TKey key, long by)
        where TKey : notnull
    {
        if (counts.AddOrUpdate(key, static (_, by) => by, static (_, count, by) => count + by, by) <= 0)
        {
            counts.TryRemove(key, out _);
        }
    }
}
