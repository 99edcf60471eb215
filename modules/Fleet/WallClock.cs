namespace Refinery.Fleet;

/// <summary>Reads the wall clock and notices when somebody has set it: leases are instants on it, time itself is not.</summary>
/// <remarks>Not thread-safe: its owner reads it in turn.</remarks>
internal sealed class WallClock(TimeProvider clock)
{
    /// <summary>Smaller differences are ordinary: clocks are trimmed, readings are not simultaneous.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    private long timestamp = clock.GetTimestamp();
    private DateTimeOffset instant = clock.GetUtcNow();

    /// <summary>The instant now, and how far the clock was set since the last reading: back when negative, zero when it was not.</summary>
    public (DateTimeOffset Now, TimeSpan Jump) Read()
    {
        var (reading, jump) = (clock.GetTimestamp(), Peek());
        (timestamp, instant) = (reading, jump.Now);
        return jump;
    }

    /// <summary>As <see cref="Read"/>, and the next reading will say the same.</summary>
    public (DateTimeOffset Now, TimeSpan Jump) Peek()
    {
        var now = clock.GetUtcNow();
        var jump = now - instant - clock.GetElapsedTime(timestamp);
        return (now, jump.Duration() > Tolerance ? jump : TimeSpan.Zero);
    }
}
