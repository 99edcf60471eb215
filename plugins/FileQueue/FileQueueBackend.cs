using Refinery.Contract;

namespace Refinery.FileQueue;

/// <summary>The five verbs over the journalled items: one caller at a time, and waiting callers are woken one by one.</summary>
internal sealed class FileQueueBackend(JournalledItems queue, TimeProvider clock) : IQueueBackend
{
    // Never disposed: it holds nothing of the system, and a caller caught behind it would wait for ever.
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly Waiters waiters = new();
    private volatile bool disposed;

    public async Task EnqueueAsync(IReadOnlyList<QueueItem> items, CancellationToken cancellationToken)
    {
        using var turn = await EnterAsync(cancellationToken);
        queue.Add(items);
        WakeNextIfItemsWait();
    }

    public async Task<IReadOnlyList<QueueItem>> PopAsync(int max, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ObjectDisposedException.ThrowIf(disposed, this);
        var start = clock.GetTimestamp();
        var (taken, waiter) = await TakeOrLineUpAsync(max, mayWait: wait > TimeSpan.Zero, cancellationToken);
        while (waiter is not null)
        {
            await WaitAsync(waiter, Remaining(start, wait), cancellationToken);

            // Not cancellable: whoever was woken must take, or line up and pass the call on, or the item waits beside sleepers.
            (taken, waiter) = await TakeOrLineUpAsync(max, mayWait: Remaining(start, wait) > TimeSpan.Zero, CancellationToken.None);
        }

        return taken;
    }

    public async Task<IReadOnlyList<QueueItem>> ListAsync(int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        using var turn = await EnterAsync(cancellationToken);
        return queue.First(limit);
    }

    public async Task<QueueStats> StatsAsync(CancellationToken cancellationToken)
    {
        using var turn = await EnterAsync(cancellationToken);
        return queue.Stats();
    }

    public async Task<long> ClearAsync(CancellationToken cancellationToken)
    {
        using var turn = await EnterAsync(cancellationToken);
        return queue.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await gate.WaitAsync();
        using var turn = new Turn(gate);
        if (!disposed)
        {
            disposed = true;
            waiters.WakeAll();
            queue.Dispose();
        }
    }

    private async Task<(IReadOnlyList<QueueItem> Taken, Waiter? Waiter)> TakeOrLineUpAsync(
        int max, bool mayWait, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        using var turn = new Turn(gate);
        if (disposed)
        {
            return ([], null);
        }

        var taken = queue.Take(max);
        WakeNextIfItemsWait();
        return (taken, taken.Count == 0 && mayWait ? waiters.LineUp() : null);
    }

    private async Task WaitAsync(Waiter waiter, TimeSpan remaining, CancellationToken cancellationToken)
    {
        try
        {
            await waiter.Woken.WaitAsync(remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            await LeaveAsync(waiter);
        }
        catch (OperationCanceledException)
        {
            await LeaveAsync(waiter);
            throw;
        }
    }

    private async Task LeaveAsync(Waiter waiter)
    {
        await gate.WaitAsync(CancellationToken.None);
        using var turn = new Turn(gate);
        if (!disposed && !waiters.Remove(waiter))
        {
            // It was woken for an item that it will not take: the next in line gets the chance.
            WakeNextIfItemsWait();
        }
    }

    private async Task<Turn> EnterAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        var turn = new Turn(gate);
        if (disposed)
        {
            turn.Dispose();
            throw new ObjectDisposedException(nameof(FileQueueBackend));
        }

        return turn;
    }

    private void WakeNextIfItemsWait()
    {
        if (queue.Count > 0)
        {
            waiters.WakeNext();
        }
    }

    private TimeSpan Remaining(long start, TimeSpan wait) => wait - clock.GetElapsedTime(start);

    /// <summary>The right to be the only caller inside, until it is disposed.</summary>
    private readonly struct Turn(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}
