using System.Text.Json;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Tells pods that wait to hear it that a step they hold was cancelled.</summary>
/// <remarks>Safe to call from many threads at once.</remarks>
internal sealed class ClaimBells
{
    private const string Cancelled = "cancelled";

    private readonly TimeProvider clock;
    private readonly Lock gate = new();
    private readonly Dictionary<Holder, List<ClaimBell>> bells = [];

    public ClaimBells(Notices notices, TimeProvider clock)
    {
        this.clock = clock;

        // Who missed one hears of it at the next renewal.
        notices.Hear(Cancelled, heard =>
        {
            if (heard?.Words.Deserialize<Holder>() is { } holder)
            {
                Ring(holder);
            }
        });
    }

    /// <summary>Rings the bells of a claim on every host once the unit's commit is durable.</summary>
    public void RingAfter(SqlSession sql, Holder holder)
    {
        sql.AfterCommit(() => Ring(holder));
        sql.Tell(Cancelled, holder);
    }

    /// <summary>Hangs a bell for a claim, to be taken down by disposing it.</summary>
    public ClaimBell Hang(Holder holder)
    {
        var bell = new ClaimBell(clock, hung => TakeDown(holder, hung));
        lock (gate)
        {
            if (!bells.TryGetValue(holder, out var hanging))
            {
                bells[holder] = hanging = new List<ClaimBell>(1);
            }

            hanging.Add(bell);
        }

        return bell;
    }

    private void Ring(Holder holder)
    {
        lock (gate)
        {
            bells.GetValueOrDefault(holder)?.ForEach(bell => bell.Ring());
        }
    }

    private void TakeDown(Holder holder, ClaimBell bell)
    {
        lock (gate)
        {
            if (bells.TryGetValue(holder, out var hanging) && hanging.Remove(bell) && hanging.Count == 0)
            {
                bells.Remove(holder);
            }
        }
    }
}

/// <summary>Rings when a claim is cancelled.</summary>
internal sealed class ClaimBell(TimeProvider clock, Action<ClaimBell> takeDown) : IDisposable
{
    private readonly TaskCompletionSource rung = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Ring() => rung.TrySetResult();

    /// <summary>Waits for it.</summary>
    /// <returns>False when the time was up first.</returns>
    public async Task<bool> RingsWithinAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        await rung.Task.WaitAsync(time, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return rung.Task.IsCompleted;
    }

    public void Dispose() => takeDown(this);
}
