using Microsoft.Extensions.Options;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Bounds how many steps wait: what is on its way into the queue counts as if it waited.</summary>
internal sealed class QueueRoom(StepCounters counters, IOptions<FleetOptions> options)
{
    private long coming;

    /// <summary>How many steps may wait.</summary>
    public int Most => options.Value.MaxQueueSize;

    /// <summary>Stores new steps if there is room for them all.</summary>
    /// <exception cref="QueueFullException">There is not; nothing was stored.</exception>
    public async Task<T> FillAsync<T>(int count, Func<Task<T>> store)
    {
        // Counted twice for a blink between the commit and the end of this: the bound is never passed, and reached a blink too early.
        try
        {
            return Interlocked.Add(ref coming, count) + counters.Waiting <= Most
                ? await store()
                : throw new QueueFullException($"{count} more would be too many: at most {Most} steps wait (MAX_QUEUE_SIZE). Nothing was stored.");
        }
        finally
        {
            Interlocked.Add(ref coming, -count);
        }
    }
}
