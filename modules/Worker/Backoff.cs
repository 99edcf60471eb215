namespace Refinery.Worker;

/// <summary>The pause before the next try: a tenth of a second first, doubling up to a bound.</summary>
/// <param name="most">The longest pause.</param>
internal sealed class Backoff(TimeSpan most, TimeProvider clock)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);

    private TimeSpan next = First;

    /// <summary>Whether no try has failed since the last success.</summary>
    public bool IsFresh => next == First;

    public void Reset() => next = First;

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        var pause = next < most ? next : most;
        next = 2 * pause;
        await Task.Delay(pause, clock, cancellationToken);
    }
}
