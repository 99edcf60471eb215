namespace Refinery.Logs;

/// <summary>How long a search may run and how much it may read. A spent budget ends it with what was found so far.</summary>
internal sealed class SearchBudget(TimeProvider clock, TimeSpan time, long bytes)
{
    private readonly long started = clock.GetTimestamp();
    private long left = bytes;

    /// <summary>The search was ended: there may be more than it found.</summary>
    public bool IsSpent { get; private set; }

    /// <summary>Asks to read so many bytes more.</summary>
    public bool TrySpend(int count)
    {
        left -= count;
        IsSpent |= left < 0 || clock.GetElapsedTime(started) > time;
        return !IsSpent;
    }
}
