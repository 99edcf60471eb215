using Refinery.Contract;

namespace Refinery.FileQueue;

/// <summary>The five verbs over the journalled items: one caller at a time, and waiting callers are woken one by one.</summary>
internal sealed class FileQueueBackend(JournalledItems queue, TimeProvider clock) : IQueueBackend
{
    // Never disposed: it holds nothing of the system, and a caller caught behind it would wait for ever.
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Waiters _waiters = new();
    private bool _disposed;

    public async Task EnqueueAsync(IReadOnlyList<QueueItem> items, CancellationToken cancellationToken)
    {
        using var turn = await EnterAsync(cancellationToken);
        queue.Add(items);
        WakeNextIfItemsWait();
    }

    public async Task<IReadOnlyList<QueueItem>> PopAsync(int max, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        var start = clock.GetTimestamp();
        var (taken, waiter) = await TakeOrLineUpAsync(max, mayWait: wait > TimeSpan.Zero, cancellationToken);
        while (waiter is not null)
        {
            await WaitAsync(waiter, Remaining(start, wait), cancellationToken);
            if (_disposed)
            {
                return [];
            }

            (taken, waiter) = await TakeOrLineUpAsync(max, mayWait: Remaining(start, wait) > TimeSpan.Zero, cancellationToken);
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
        await _gate.WaitAsync();
        using var turn = new Turn(_gate);
        if (!_disposed)
        {
            _disposed = true;
            _waiters.WakeAll();
            queue.Dispose();
        }
    }

    private async Task<(IReadOnlyList<QueueItem> Taken, Waiter? Waiter)> TakeOrLineUpAsync(
        int max, bool mayWait, CancellationToken cancellationToken)
    {
        using var turn = await EnterAsync(cancellationToken);
        var taken = queue.Take(max);
        WakeNextIfItemsWait();
        return (taken, taken.Count == 0 && mayWait ? _waiters.LineUp() : null);
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
        await _gate.WaitAsync(CancellationToken.None);
        using var turn = new Turn(_gate);
        if (!_waiters.Remove(waiter))
        {
            // It was woken for an item that it will not take: the next in line gets the chance.
            WakeNextIfItemsWait();
        }
    }

    private async Task<Turn> EnterAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        var turn = new Turn(_gate);
        if (_disposed)
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
            _waiters.WakeNext();
        }
    }

    private TimeSpan Remaining(long start, TimeSpan wait) => wait - clock.GetElapsedTime(start);

    /// <summary>The right to be the only caller inside, until it is disposed.</summary>
    private readonly struct Turn(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}
