using Microsoft.Extensions.Logging;
using Refinery.Contract;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>The host's side of the queue backend: offers steps after their commit and takes candidates for claims.</summary>
/// <remarks>
/// The backend holds only the order of calling. Whatever it loses stays pending in SQL and is reached from there, so a
/// backend that is away costs order and speed, never a step. Items of types that are not wanted now are put aside, bounded.
/// </remarks>
internal sealed partial class DispatchQueue
{
    /// <summary>What hosts tell each other when a step may have become ready.</summary>
    public const string Came = "ready";

    /// <summary>A claim that meets only items of other types looks no further: the steps it wants are found in SQL.</summary>
    private const int MostPops = 4;
    private const int ShelfSize = 10_000;

    /// <summary>Whoever submits or claims waits no longer for a backend.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly IQueueBackend backend;
    private readonly TimeProvider clock;
    private readonly ILogger<DispatchQueue> logger;
    private readonly Lock gate = new();
    private readonly Dictionary<string, PriorityQueue<QueueItem, (long, long, long)>> shelf = new(StringComparer.Ordinal);
    private int shelved;
    private long arrivals;
    private OfferBatch? next;
    private bool isOffering;
    private int hanging;
    private int isAway;
    private int absences = 1;

    public DispatchQueue(IQueueBackend backend, Notices notices, TimeProvider clock, ILogger<DispatchQueue> logger)
    {
        this.backend = backend;
        this.clock = clock;
        this.logger = logger;
        notices.Hear(Came, _ => Ready.Pulse());
    }

    /// <summary>Pulses whenever a step may have become ready, on this host or another.</summary>
    public AsyncSignal Ready { get; } = new();

    /// <summary>Whether the last call to the backend failed.</summary>
    public bool IsAway => Volatile.Read(ref isAway) == 1;

    /// <summary>How often the backend was away; the time before the start counts as one, for it may have been another backend.</summary>
    public int Absences => Volatile.Read(ref absences);

    /// <summary>Offers committed steps, then wakes who waits. Offers that come while one is under way go together in the next.</summary>
    public Task OfferAsync(IReadOnlyList<QueueItem> items)
    {
        OfferBatch batch;
        lock (gate)
        {
            batch = next ??= new OfferBatch();
            batch.Items.AddRange(items);
            if (isOffering)
            {
                return batch.Done;
            }

            isOffering = true;
        }

        _ = OfferAllAsync();
        return batch.Done;
    }

    /// <summary>Takes up to so many candidates of the given types, in calling order as far as the backend keeps it.</summary>
    public async Task<IReadOnlyList<QueueItem>> TakeAsync(IReadOnlySet<string> types, int max, CancellationToken cancellationToken)
    {
        await ReachAsync("take", () => PopAsync(types, max, cancellationToken), cancellationToken);
        return FromShelf(types, max);
    }

    /// <summary>Keeps items for the next claims that are committed and not in the backend, or not there any more.</summary>
    public void PutAside(IReadOnlyList<QueueItem> items)
    {
        if (items.Count == 0)
        {
            return;
        }

        lock (gate)
        {
            foreach (var item in items)
            {
                Shelve(item);
            }
        }

        Ready.Pulse();
    }

    /// <summary>Drops what waits in the backend and on the shelf; the caller has ended the steps in SQL.</summary>
    public async Task ClearAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            shelf.Clear();
            shelved = 0;
        }

        // Items left behind name steps that have ended: each is dropped when it is claimed.
        await ReachAsync("clear", () => backend.ClearAsync(cancellationToken), cancellationToken);
    }

    /// <summary>How many items the backend holds; null when it is away.</summary>
    public async Task<long?> FindLengthAsync(CancellationToken cancellationToken)
    {
        QueueStats? stats = null;
        await ReachAsync("question", async () => stats = await backend.StatsAsync(cancellationToken), cancellationToken);
        return stats?.Length;
    }

    /// <summary>Adds steps of the database's line.</summary>
    /// <returns>False when the backend is away.</returns>
    public Task<bool> AddAsync(IReadOnlyList<QueueItem> items, CancellationToken cancellationToken) =>
        ReachAsync("offer", () => backend.EnqueueAsync(items, cancellationToken), cancellationToken);

    /// <summary>Whether the backend answers now.</summary>
    public Task<bool> AnswersAsync(CancellationToken cancellationToken) => ReachAsync("question", () => backend.StatsAsync(cancellationToken), cancellationToken);

    /// <summary>Calls the backend, which is a stranger's code: whatever it throws, and a call that does not end in time, count as a backend that is away.</summary>
    /// <remarks>While a call hangs no other is begun, so that nobody waits in vain and no calls pile up.</remarks>
    /// <returns>False when the backend is away.</returns>
    private async Task<bool> ReachAsync(string operation, Func<Task> begin, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref hanging) > 0)
        {
            return false;
        }

        var call = Task.CompletedTask;
        try
        {
            call = begin();
            await call.WaitAsync(Patience, clock, cancellationToken);
            if (Interlocked.Exchange(ref isAway, 0) == 1)
            {
                LogBack(logger);
            }

            return true;
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            if (Interlocked.Exchange(ref isAway, 1) == 0)
            {
                Interlocked.Increment(ref absences);
                LogAway(logger, fault, operation);
            }

            _ = OutlastAsync(call);
            return false;
        }
    }

    /// <summary>Keeps others from calling until a call that hangs has ended.</summary>
    private async Task OutlastAsync(Task call)
    {
        Interlocked.Increment(ref hanging);
        await call.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Decrement(ref hanging);
    }

    /// <summary>Puts on the shelf as many as are wanted, whatever lies there: what came later may be called earlier.</summary>
    private async Task PopAsync(IReadOnlySet<string> types, int max, CancellationToken cancellationToken)
    {
        var wanted = max;
        for (var pops = 0; pops < MostPops && wanted > 0; pops++)
        {
            var popped = await backend.PopAsync(wanted, TimeSpan.Zero, cancellationToken);
            if (popped.Count == 0)
            {
                return;
            }

            Shelve(popped, types);
            wanted -= popped.Count(item => types.Contains(item.Type));
        }
    }

    private async Task OfferAllAsync()
    {
        // Not on the caller's thread: it waits for its own batch only.
        await Task.Yield();
        while (NextBatch() is { } batch)
        {
            await ReachAsync("offer", () => backend.EnqueueAsync(batch.Items, CancellationToken.None), CancellationToken.None);
            batch.Complete();
            Ready.Pulse();
        }
    }

    private OfferBatch? NextBatch()
    {
        lock (gate)
        {
            var batch = next;
            next = null;
            isOffering = batch is not null;
            return batch;
        }
    }

    private List<QueueItem> FromShelf(IReadOnlySet<string> types, int max)
    {
        var taken = new List<QueueItem>();
        lock (gate)
        {
            while (taken.Count < max && Best(types) is { } queue)
            {
                var item = queue.Dequeue();
                taken.Add(item);
                shelved--;
                if (queue.Count == 0)
                {
                    shelf.Remove(item.Type);
                }
            }
        }

        return taken;
    }

    private PriorityQueue<QueueItem, (long, long, long)>? Best(IReadOnlySet<string> types)
    {
        PriorityQueue<QueueItem, (long, long, long)>? best = null;
        (long, long, long) bestOrder = default;
        foreach (var type in types)
        {
            if (shelf.TryGetValue(type, out var queue) && queue.TryPeek(out _, out var order) && (best is null || order.CompareTo(bestOrder) < 0))
            {
                (best, bestOrder) = (queue, order);
            }
        }

        return best;
    }

    private void Shelve(IReadOnlyList<QueueItem> items, IReadOnlySet<string> wanted)
    {
        lock (gate)
        {
            foreach (var item in items.Where(item => shelved < ShelfSize || wanted.Contains(item.Type)))
            {
                Shelve(item);
            }
        }
    }

    private void Shelve(QueueItem item)
    {
        if (!shelf.TryGetValue(item.Type, out var queue))
        {
            shelf.Add(item.Type, queue = new PriorityQueue<QueueItem, (long, long, long)>());
        }

        queue.Enqueue(item, (-(long)item.Priority, item.Rank, arrivals++));
        shelved++;
    }

    [LoggerMessage(LogLevel.Information, "The queue backend answers again.")]
    private static partial void LogBack(ILogger logger);

    [LoggerMessage(LogLevel.Warning, "The queue backend did not take an {Operation}; steps are dispatched from the database meanwhile.")]
    private static partial void LogAway(ILogger logger, Exception fault, string operation);
}
