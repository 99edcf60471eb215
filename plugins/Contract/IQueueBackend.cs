namespace Refinery.Contract;

/// <summary>A queue of step ids waiting to be called. It holds only the order of calling; the database holds the truth.</summary>
/// <remarks>
/// Every member is safe to call from many threads at once. A backend may lose, repeat or reorder items: the host
/// finds lost ones in the database and drops repeated ones when it claims. Disposing ends waiting pops with an empty list;
/// a call after it throws <see cref="ObjectDisposedException"/>. Source: docs/spec/control-plane-api.md, "Backends".
/// </remarks>
public interface IQueueBackend : IAsyncDisposable
{
    /// <summary>Adds the items, in order.</summary>
    /// <param name="items">At least one. An id that waits already may be added again.</param>
    /// <exception cref="IOException">The backend cannot be reached; none, some or all items were added.</exception>
    Task EnqueueAsync(IReadOnlyList<QueueItem> items, CancellationToken cancellationToken);

    /// <summary>Takes up to <paramref name="max"/> items out of the queue: highest priority first, then lowest rank. Atomic across callers.</summary>
    /// <param name="max">At least 1. Fewer come back when fewer wait.</param>
    /// <param name="wait">How long to wait for a first item; zero answers at once.</param>
    /// <param name="cancellationToken">Cancelling a wait loses nothing.</param>
    /// <returns>The items taken; empty when none came within the wait.</returns>
    /// <exception cref="IOException">The backend cannot be reached; nothing was taken.</exception>
    Task<IReadOnlyList<QueueItem>> PopAsync(int max, TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>The next items in the order they would be taken. Takes nothing.</summary>
    /// <param name="limit">At least 1.</param>
    Task<IReadOnlyList<QueueItem>> ListAsync(int limit, CancellationToken cancellationToken);

    /// <summary>How many items wait and since when.</summary>
    Task<QueueStats> StatsAsync(CancellationToken cancellationToken);

    /// <summary>Removes every waiting item.</summary>
    /// <returns>How many were removed.</returns>
    /// <exception cref="NotSupportedException">The plugin does not declare <see cref="QueueCapabilities.Clear"/>.</exception>
    Task<long> ClearAsync(CancellationToken cancellationToken);
}
