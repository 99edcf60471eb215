using Refinery.Contract;

namespace Refinery.FileQueue;

/// <summary>The waiting items in memory: highest priority first, then lowest rank; each step id at most once.</summary>
internal sealed class WaitingItems
{
    private readonly SortedDictionary<int, Lane> lanes = new(Comparer<int>.Create(static (left, right) => right.CompareTo(left)));
    private readonly HashSet<string> stepIds = new(StringComparer.Ordinal);

    public int Count => stepIds.Count;

    public bool Contains(string stepId) => stepIds.Contains(stepId);

    /// <summary>False, and nothing changes, when the step waits already.</summary>
    public bool Add(QueueItem item)
    {
        if (!stepIds.Add(item.StepId))
        {
            return false;
        }

        if (!lanes.TryGetValue(item.Priority, out var lane))
        {
            lanes.Add(item.Priority, lane = new Lane());
        }

        lane.Add(item);
        return true;
    }

    public IEnumerable<QueueItem> InOrder() => lanes.Values.SelectMany(lane => lane.InOrder());

    /// <summary>Removes that many items from the front; at least as many must wait.</summary>
    public void DropFirst(int count)
    {
        while (count > 0)
        {
            var (priority, lane) = lanes.First();
            for (; count > 0 && lane.Count > 0; count--)
            {
                stepIds.Remove(lane.First.StepId);
                lane.DropFirst();
            }

            if (lane.Count == 0)
            {
                lanes.Remove(priority);
            }
        }
    }

    public void Clear()
    {
        lanes.Clear();
        stepIds.Clear();
    }
}
