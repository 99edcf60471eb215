using Refinery.Contract;

namespace Refinery.KafkaQueue;

/// <summary>What this host has fetched from the partitions that are its own now. Handing out is one act under one lock, so no item goes to two callers.</summary>
/// <param name="handedOut">Told, under the lock, where the next owner of a partition is to begin.</param>
internal sealed class FetchedItems(Reach reach, TimeProvider clock, Action<int, long> handedOut)
{
    /// <summary>What is known to lie in the brokers is waited for so long, also by who does not want to wait; it is a round trip away.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly Lanes lanes = new();
    private TaskCompletionSource change = NewChange();
    private bool isClosed;

    /// <summary>Takes the next items.</summary>
    /// <exception cref="IOException">Nothing came within the wait, and the brokers are away.</exception>
    public async Task<IReadOnlyList<QueueItem>> TakeAsync(int max, TimeSpan wait, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var elapsed = clock.GetElapsedTime(start);
            var (taken, changed, limit) = TakeOrLineUp(max, wait, elapsed);
            if (taken.Count > 0 || elapsed >= limit)
            {
                return taken;
            }

            try
            {
                await changed.WaitAsync(limit - elapsed, clock, cancellationToken);
            }
            catch (TimeoutException)
            {
                // The next round looks once more and then gives up.
            }
        }
    }

    /// <summary>Partitions became this host's, or another's: what was fetched of those is theirs to fetch again.</summary>
    public void Rebalance(bool isOurs, IEnumerable<int> partitions)
    {
        lock (gate)
        {
            Array.ForEach([.. partitions], isOurs ? lanes.Open : lanes.Drop);
        }

        Wake();
    }

    /// <summary>A message came; <see cref="Wake"/> follows the last of several.</summary>
    public void Add(int partition, long offset, QueueItem? item)
    {
        lock (gate)
        {
            lanes.All.GetValueOrDefault(partition)?.Add(offset, item);
        }
    }

    /// <summary>A partition holds nothing more for now.</summary>
    public void ReachEnd(int partition, long offset)
    {
        lock (gate)
        {
            lanes.All.GetValueOrDefault(partition)?.ReachEnd(offset);
        }
    }

    /// <summary>Messages below this offset are known to lie in the partition.</summary>
    public void Expect(int partition, long end)
    {
        lock (gate)
        {
            lanes.All.GetValueOrDefault(partition)?.Expect(end);
        }
    }

    /// <summary>Wakes who waits, to look again.</summary>
    public void Wake()
    {
        lock (gate)
        {
            var earlier = change;
            change = NewChange();
            earlier.SetResult();
        }
    }

    /// <summary>How many of each partition are here.</summary>
    public IReadOnlyList<(int Partition, int Count)> Counts()
    {
        lock (gate)
        {
            return [.. lanes.All.Select(lane => (lane.Key, lane.Value.Count))];
        }
    }

    /// <summary>The offset of the next to hand out, of each partition where it is known.</summary>
    public IReadOnlyDictionary<int, long> Nexts()
    {
        lock (gate)
        {
            return lanes.All.Where(lane => lane.Value.Next is not null).ToDictionary(lane => lane.Key, lane => lane.Value.Next ?? 0);
        }
    }

    /// <summary>Ends every wait with nothing; from now on nothing is handed out.</summary>
    public void Close()
    {
        lock (gate)
        {
            isClosed = true;
        }

        Wake();
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <returns>What was taken, else what to wait for and until when, counted from the call's start.</returns>
    private (IReadOnlyList<QueueItem> Taken, Task Changed, TimeSpan Limit) TakeOrLineUp(int max, TimeSpan wait, TimeSpan elapsed)
    {
        lock (gate)
        {
            if (isClosed)
            {
                return ([], Task.CompletedTask, TimeSpan.Zero);
            }

            if (elapsed < Patience && !reach.IsAway && !lanes.IsSettled(Math.Min(max, GroupMember.FewFetched)))
            {
                return ([], change.Task, Patience);
            }

            var taken = lanes.Take(max);
            if (taken.Count == 0 && elapsed >= wait)
            {
                reach.ThrowIfAway();
            }

            TellNexts();
            return (taken, change.Task, wait);
        }
    }

    private void TellNexts()
    {
        foreach (var (partition, lane) in lanes.All)
        {
            if (lane.Advance() is { } next)
            {
                handedOut(partition, next);
            }
        }
    }
}
