namespace Refinery.FileQueue;

/// <summary>The callers waiting for an item, in the order they came. Not thread-safe: its owner lets one caller in at a time.</summary>
internal sealed class Waiters
{
    private readonly LinkedList<Waiter> line = new();

    public Waiter LineUp()
    {
        var waiter = new Waiter();
        line.AddLast(waiter.Place);
        return waiter;
    }

    /// <summary>False when the waiter was woken already.</summary>
    public bool Remove(Waiter waiter)
    {
        if (waiter.Place.List is null)
        {
            return false;
        }

        line.Remove(waiter.Place);
        return true;
    }

    public void WakeNext()
    {
        if (line.First is { } first)
        {
            line.RemoveFirst();
            first.Value.Wake();
        }
    }

    public void WakeAll()
    {
        while (line.Count > 0)
        {
            WakeNext();
        }
    }
}

/// <summary>One waiting caller and its place in the line.</summary>
internal sealed class Waiter
{
    // Continuations run elsewhere, so that whoever wakes does not carry the woken one's work.
    private readonly TaskCompletionSource woken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Waiter() => Place = new LinkedListNode<Waiter>(this);

    public LinkedListNode<Waiter> Place { get; }

    public Task Woken => woken.Task;

    public void Wake() => woken.SetResult();
}
