using Refinery.Contract;

namespace Refinery.FileQueue;

/// <summary>The waiting items of one priority, lowest rank first, equal ranks in the order they came.</summary>
/// <remarks>
/// Ranks follow age and nearly always arrive ascending: those join the end of a queue. The few that come late (a retry keeps
/// its first rank) go into a sorted set beside it. A late item's rank is below one that the queue had seen when it came,
/// and the queue takes only ranks at or above that, so at equal ranks the queue's item is always the elder.
/// </remarks>
internal sealed class Lane
{
    private readonly Queue<QueueItem> _ascending = new();
    private SortedSet<LateItem>? _late;
    private long _highestRank = long.MinValue;
    private long _arrivals;

    public int Count => _ascending.Count + (_late?.Count ?? 0);

    /// <summary>The item to be called next; the lane must not be empty.</summary>
    public QueueItem First => NextIsLate ? FirstLate.Item : _ascending.Peek();

    private bool NextIsLate => _late is { Count: > 0 } && (_ascending.Count == 0 || FirstLate.Rank < _ascending.Peek().Rank);

    private LateItem FirstLate => _late?.Min ?? throw new InvalidOperationException("No late item waits.");

    public void Add(QueueItem item)
    {
        if (item.Rank >= _highestRank)
        {
            _highestRank = item.Rank;
            _ascending.Enqueue(item);
        }
        else
        {
            _late ??= new(LateItem.ByRankThenArrival);
            _late.Add(new(item.Rank, _arrivals++, item));
        }
    }

    public void DropFirst()
    {
        if (NextIsLate)
        {
            _late?.Remove(FirstLate);
        }
        else
        {
            _ascending.Dequeue();
        }
    }

    public IEnumerable<QueueItem> InOrder()
    {
        using var late = (_late ?? []).GetEnumerator();
        var lateWaits = late.MoveNext();
        foreach (var item in _ascending)
        {
            for (; lateWaits && late.Current.Rank < item.Rank; lateWaits = late.MoveNext())
            {
                yield return late.Current.Item;
            }

            yield return item;
        }

        for (; lateWaits; lateWaits = late.MoveNext())
        {
            yield return late.Current.Item;
        }
    }

    /// <summary>An item whose rank is lower than one that came before it.</summary>
    private sealed record LateItem(long Rank, long Arrival, QueueItem Item)
    {
        public static readonly IComparer<LateItem> ByRankThenArrival = Comparer<LateItem>.Create(static (left, right) =>
            (left.Rank, left.Arrival).CompareTo((right.Rank, right.Arrival)));
    }
}
