using Refinery.Contract;

namespace Refinery.FileQueue;

/// <summary>The waiting items of one priority, lowest rank first, equal ranks in the order they came.</summary>
/// <remarks>
/// Ranks mostly arrive ascending: those join the end of a queue. Those that come late (of an owner with fewer steps in line,
/// or given back) go into a sorted set beside it. A late item's rank is below one that the queue had seen when it came,
/// and the queue takes only ranks at or above that, so at equal ranks the queue's item is always the elder.
/// </remarks>
internal sealed class Lane
{
    private readonly Queue<QueueItem> ascending = new();
    private SortedSet<LateItem>? late;
    private long highestRank = long.MinValue;
    private long arrivals;

    public int Count => ascending.Count + (late?.Count ?? 0);

    /// <summary>The item to be called next; the lane must not be empty.</summary>
    public QueueItem First => NextIsLate ? FirstLate.Item : ascending.Peek();

    private bool NextIsLate => late is { Count: > 0 } && (ascending.Count == 0 || FirstLate.Rank < ascending.Peek().Rank);

    private LateItem FirstLate => late?.Min ?? throw new InvalidOperationException("No late item waits.");

    public void Add(QueueItem item)
    {
        if (item.Rank >= highestRank)
        {
            highestRank = item.Rank;
            ascending.Enqueue(item);
        }
        else
        {
            late ??= new(LateItem.ByRankThenArrival);
            late.Add(new(item.Rank, arrivals++, item));
        }
    }

    public void DropFirst()
    {
        if (NextIsLate)
        {
            late?.Remove(FirstLate);
        }
        else
        {
            ascending.Dequeue();
        }
    }

    public IEnumerable<QueueItem> InOrder()
    {
        using var next = (late ?? []).GetEnumerator();
        var lateWaits = next.MoveNext();
        foreach (var item in ascending)
        {
            for (; lateWaits && next.Current.Rank < item.Rank; lateWaits = next.MoveNext())
            {
                yield return next.Current.Item;
            }

            yield return item;
        }

        for (; lateWaits; lateWaits = next.MoveNext())
        {
            yield return next.Current.Item;
        }
    }

    /// <summary>An item whose rank is lower than one that came before it.</summary>
    private sealed record LateItem(long Rank, long Arrival, QueueItem Item)
    {
        public static readonly IComparer<LateItem> ByRankThenArrival = Comparer<LateItem>.Create(static (left, right) =>
            (left.Rank, left.Arrival).CompareTo((right.Rank, right.Arrival)));
    }
}
