using Refinery.Contract;

namespace Refinery.RedisQueue;

/// <summary>The five verbs over the items in Redis. A call ends within a second, but for the wait that a pop is given.</summary>
/// <remarks>Whoever waits looks again when any host adds, and once a second in case the message was lost. A look that fails ends the wait.</remarks>
internal sealed class RedisQueueBackend(RedisItems store, Arrivals arrivals, TimeProvider clock) : IQueueBackend
{
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    public async Task EnqueueAsync(IReadOnlyList<QueueItem> items, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await store.AddAsync(items);
    }

    public async Task<IReadOnlyList<QueueItem>> PopAsync(int max, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ObjectDisposedException.ThrowIf(store.IsClosed, this);
        cancellationToken.ThrowIfCancellationRequested();
        var start = clock.GetTimestamp();
        var arrival = arrivals.Next;
        var taken = await LookAsync(max);
        while (taken.Count == 0 && !store.IsClosed && wait - clock.GetElapsedTime(start) is { Ticks: > 0 } left)
        {
            await arrival.WaitAsync(left < Glance ? left : Glance, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            arrival = arrivals.Next;
            taken = await LookAsync(max);
        }

        return taken;
    }

    public async Task<IReadOnlyList<QueueItem>> ListAsync(int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        cancellationToken.ThrowIfCancellationRequested();
        return await store.FirstAsync(limit);
    }

    public async Task<QueueStats> StatsAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await store.StatsAsync();
    }

    public async Task<long> ClearAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await store.ClearAsync();
    }

    public async ValueTask DisposeAsync()
    {
        var closing = store.CloseAsync();
        arrivals.Pulse();
        await closing;
    }

    /// <summary>Takes what there is; nothing when the queue is closed meanwhile. Not cancellable: what is taken must reach the caller.</summary>
    private async Task<IReadOnlyList<QueueItem>> LookAsync(int max)
    {
        try
        {
            return await store.TakeAsync(max);
        }
        catch (ObjectDisposedException)
        {
            return [];
        }
    }
}
