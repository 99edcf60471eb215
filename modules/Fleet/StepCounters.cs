using System.Runtime.InteropServices;
using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>How many steps of each type wait, are leased or run, kept in memory so that an answer never counts rows.</summary>
/// <remarks>
/// Loaded from the indexes of those steps, then moved by each commit of this host and by what others tell of theirs. What another
/// tells may come before what it follows from, so a count may be below zero for a moment. Source of truth is the table: a restart
/// counts afresh. Types are free text, so what reaches zero is forgotten. Safe for all threads.
/// </remarks>
internal sealed class StepCounters
{
    private const string Topic = "moved";

    private readonly Database database;
    private readonly Lock gate = new();
    private readonly Dictionary<(string Type, string Status), long> counts = [];
    private readonly Dictionary<(string Type, long Priority), long> bands = [];
    private List<Heard>? heardMeanwhile;
    private long waiting;
    private long taken;
    private long loaded;
    private volatile bool isStale;

    public StepCounters(Database database)
    {
        this.database = database;
        database.Notices.Hear(Topic, Hear);
    }

    /// <summary>All steps that wait.</summary>
    public long Waiting => Math.Max(0, Interlocked.Read(ref waiting));

    /// <summary>How many types and priorities are known just now.</summary>
    public int Known
    {
        get
        {
            lock (gate)
            {
                return counts.Count + bands.Count;
            }
        }
    }

    /// <summary>The types that steps wait or run of.</summary>
    public IReadOnlyList<string> Types
    {
        get
        {
            lock (gate)
            {
                return [.. counts.Keys.Select(key => key.Type).Distinct(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Counts afresh where something was missed that other hosts have told.</summary>
    public async Task MendAsync(CancellationToken cancellationToken)
    {
        if (!isStale)
        {
            return;
        }

        isStale = false;
        try
        {
            await LoadAsync(cancellationToken);
        }
        catch
        {
            isStale = true;
            throw;
        }
    }

    /// <summary>Counts afresh, and from then on what this host and others commit.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        // In a unit of writing nobody commits meanwhile, here or elsewhere; what others have told by then is in the rows.
        await database.WriteAsync(
            async sql =>
            {
                lock (gate)
                {
                    heardMeanwhile = [];
                }

                var (pending, held, length) = (await StepStore.CountWaitingAsync(sql), await StepStore.CountHeldAsync(sql), await EventJournal.LengthAsync(sql));
                sql.AfterCommit(() => Set(pending, held, length));
                return pending.Count;
            },
            cancellationToken);
    }

    /// <summary>Steps of a type that wait, are claimed or run; of those that have ended see <see cref="StepTotalStore"/>.</summary>
    public long Of(string type, string status)
    {
        lock (gate)
        {
            return Math.Max(0, counts.GetValueOrDefault((type, status)));
        }
    }

    /// <summary>How many steps of each type and priority wait.</summary>
    public IReadOnlyList<WaitingCount> ListWaiting()
    {
        lock (gate)
        {
            return [.. bands.Where(band => band.Value > 0).Select(band => new WaitingCount { Type = band.Key.Type, Priority = band.Key.Priority, Count = band.Value })];
        }
    }

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

    /// <summary>Steps have another status once the unit's commit is durable.</summary>
    /// <param name="from">The status they had; null for new ones.</param>
    public void MoveAfter(SqlSession sql, IEnumerable<StepRow> steps, string? from)
    {
        foreach (var alike in steps.GroupBy(step => new Moved(step.Type, step.Priority, from, step.Status)))
        {
            var (move, times) = (alike.Key, alike.Count());

            // Here a step that is new, or that had ended, has taken its place before it came.
            var hasPlace = move.To == Status.Pending && from is not (Status.Claimed or Status.Running);
            sql.AfterCommit(() => Take(move, times, hasPlace));
            sql.Tell(Topic, move, times);
        }
    }

    private void Hear(Heard? heard)
    {
        lock (gate)
        {
            if (heard is null)
            {
                isStale = true;
            }
            else
            {
                heardMeanwhile?.Add(heard);
                Take(heard);
            }
        }
    }

    private void Take(Heard heard)
    {
        if (heard.Sequence > loaded && heard.Words.Deserialize<Moved>() is { } move)
        {
            Take(move, heard.Times, hasPlace: false);
        }
    }

    private void Take(Moved move, int times, bool hasPlace)
    {
        lock (gate)
        {
            Interlocked.Add(ref taken, ((move.To == Status.Pending && !hasPlace ? 1 : 0) - (move.From == Status.Pending ? 1 : 0)) * times);
            Count(move, move.From, -times);
            Count(move, move.To, times);
        }
    }

    private void Set(IReadOnlyList<WaitingCount> pending, IReadOnlyList<CountRow> held, long length)
    {
        lock (gate)
        {
            // Those on their way keep their places.
            Interlocked.Add(ref taken, pending.Sum(row => row.Count) - waiting);
            counts.Clear();
            bands.Clear();
            waiting = 0;
            loaded = length;
            foreach (var row in pending)
            {
                AddWaiting(row.Type, row.Priority, row.Count);
            }

            foreach (var row in held)
            {
                Add(counts, (row.Type, row.Status), row.Count);
            }

            heardMeanwhile?.ForEach(Take);
            heardMeanwhile = null;
        }
    }

    private void Count(Moved move, string? status, long by)
    {
        if (status == Status.Pending)
        {
            AddWaiting(move.Type, move.Priority, by);
        }
        else if (status is Status.Claimed or Status.Running)
        {
            Add(counts, (move.Type, status), by);
        }
    }

    private void AddWaiting(string type, long priority, long by)
    {
        Interlocked.Add(ref waiting, by);
        Add(counts, (type, Status.Pending), by);
        Add(bands, (type, priority), by);
    }

    private static void Add<TKey>(Dictionary<TKey, long> counts, TKey key, long by)
        where TKey : notnull
    {
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, key, out _);
        count += by;
        if (count == 0)
        {
            counts.Remove(key);
        }
    }

    /// <summary>A step that went from one status to another.</summary>
    /// <param name="From">Null for a new one.</param>
    private sealed record Moved(string Type, long Priority, string? From, string To);
}
