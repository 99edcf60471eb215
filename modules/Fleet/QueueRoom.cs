using Microsoft.Extensions.Options;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Bounds how many steps wait: what is on its way into the queue counts as if it waited.</summary>
internal sealed class QueueRoom(StepCounters counters, IOptions<FleetOptions> options)
{
    /// <summary>How many steps may wait.</summary>
    public int Most => options.Value.MaxQueueSize;

    /// <summary>Stores new steps if there is room for them all.</summary>
    /// <param name="came">How many of them wait now, by the answer.</param>
    /// <exception cref="QueueFullException">There is not; nothing was stored.</exception>
    /// <remarks>A place is taken before a step is stored and is the step's from then on: however many come at once, no bound is passed, and no place is refused that is free.</remarks>
    public async Task<T> FillAsync<T>(int count, Func<Task<T>> store, Func<T, int> came)
    {
        if (!counters.TryTakePlaces(count, Most))
        {
            throw new QueueFullException($"{count} more would be too many: at most {Most} steps wait (MAX_QUEUE_SIZE). Nothing was stored.");
        }

        var unused = count;
        try
        {
            var stored = await store();
            unused -= came(stored);
            return stored;
        }
        finally
        {
            counters.GiveBack(unused);
        }
    }
}
