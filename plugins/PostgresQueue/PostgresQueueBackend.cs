using Refinery.Contract;

namespace Refinery.PostgresQueue;

/// <summary>The five verbs over the table. A question to the server ends within a second; a wait, and a batch of many pages, asks several.</summary>
/// <remarks>Whoever waits looks again when any host adds, and once a second in case the notification was lost. A look that fails ends the wait.</remarks>
internal sealed class PostgresQueueBackend(
    QueueTable table, ArrivalListener listener, Arrivals arrivals, QueueServer server, TimeProvider clock) : IQueueBackend
{
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    public async Task EnqueueAsync(IReadOnlyList<QueueItem> items, CancellationToken cancellationToken) =>
        await table.AddAsync(items, cancellationToken);

    public async Task<IReadOnlyList<QueueItem>> PopAsync(int max, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(server.IsClosed, this);
        var start = clock.GetTimestamp();
        while (true)
        {
            var arrival = arrivals.Next;
            var taken = await LookAsync(max);
            var left = wait - clock.GetElapsedTime(start);
            if (taken.Count > 0 || left <= TimeSpan.Zero || server.IsClosed)
            {
                return taken;
            }

            listener.Start();
            await arrival.WaitAsync(left < Glance ? left : Glance, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public async Task<IReadOnlyList<QueueItem>> ListAsync(int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        cancellationToken.ThrowIfCancellationRequested();
        return await table.FirstAsync(limit);
    }

    public async Task<QueueStats> StatsAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await table.CountAsync();
    }

    public async Task<long> ClearAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await table.DropAllAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (server.Close())
        {
            arrivals.Pulse();
            await listener.DisposeAsync();
            await server.DisposeAsync();
        }
    }

    private async Task<IReadOnlyList<QueueItem>> LookAsync(int max)
    {
        try
        {
            return await table.TakeAsync(max);
        }
        catch (ObjectDisposedException)
        {
            // Closed while this caller was here: that ends its wait.
            return [];
        }
    }
}
