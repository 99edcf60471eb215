using Refinery.Contract;

namespace Refinery.KafkaQueue;

/// <summary>Partitions side by side: each keeps its order, and of what stands first in them the most urgent goes first.</summary>
/// <remarks>Not thread-safe: its owner lets one caller in at a time.</remarks>
internal sealed class Lanes
{
    private readonly Dictionary<int, PartitionLane> lanes = [];

    /// <summary>By the partition's number.</summary>
    public IReadOnlyDictionary<int, PartitionLane> All => lanes;

    public void Open(int partition) => lanes[partition] = new();

    public void Drop(int partition) => lanes.Remove(partition);

    /// <summary>True when waiting would not change which so many are the next.</summary>
    public bool IsSettled(int count) => lanes.Values.All(lane => lane.IsComplete || lane.Count >= count);

    public List<QueueItem> Take(int max)
    {
        var taken = new List<QueueItem>();
        while (taken.Count < max && Best() is { } lane)
        {
            taken.Add(lane.Take());
        }

        return taken;
    }

    private PartitionLane? Best()
    {
        PartitionLane? best = null;
        foreach (var lane in lanes.Values)
        {
            if (lane.Head is { } head && (best?.Head is not { } other || (-(long)head.Priority, head.Rank).CompareTo((-(long)other.Priority, other.Rank)) < 0))
            {
                best = lane;
            }
        }

        return best;
    }
}
