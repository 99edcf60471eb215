using Refinery.Contract;

namespace Refinery.KafkaQueue;

/// <summary>What was fetched of one partition and is not handed out, in its order.</summary>
/// <remarks>Not thread-safe: its owner lets one caller in at a time.</remarks>
internal sealed class PartitionLane
{
    private readonly Queue<(long Offset, QueueItem Item)> fetched = new();
    private bool hasReachedEnd;
    private long expected;
    private long? stored;

    public int Count => fetched.Count;

    /// <summary>The next to hand out; null when none is here.</summary>
    public QueueItem? Head => fetched.TryPeek(out var head) ? head.Item : null;

    /// <summary>The offset that comes next from the broker; null before the first answer.</summary>
    public long? Position { get; private set; }

    /// <summary>The offset of the next to hand out; null before the first answer.</summary>
    public long? Next => fetched.TryPeek(out var head) ? head.Offset : Position;

    /// <summary>True when everything is here that is known to lie in the partition.</summary>
    public bool IsComplete => hasReachedEnd && Position >= expected;

    /// <param name="item">Null for a message that is no item: it is passed over.</param>
    public void Add(long offset, QueueItem? item)
    {
        if (item is not null)
        {
            fetched.Enqueue((offset, item));
        }

        Position = offset + 1;
    }

    /// <summary>The broker has nothing from this offset on.</summary>
    public void ReachEnd(long offset)
    {
        hasReachedEnd = true;
        Position = offset;
    }

    /// <summary>Messages below this offset are known to be there.</summary>
    public void Expect(long end) => expected = Math.Max(expected, end);

    public QueueItem Take() => fetched.Dequeue().Item;

    /// <summary>Where the next owner begins, when that has moved since it was asked last.</summary>
    public long? Advance()
    {
        if (Next == stored)
        {
            return null;
        }

        stored = Next;
        return stored;
    }
}
