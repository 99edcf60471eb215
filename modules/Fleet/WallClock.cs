namespace Refinery.Fleet;

/// <summary>Reads the wall clock and notices when somebody has set it: leases are instants on it, time itself is not.</summary>
/// <remarks>Not thread-safe: its owner reads it in turn.</remarks>
internal sealed class WallClock(TimeProvider clock)
{
    /// <summary>Smaller differences are ordinary: clocks are trimmed.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    /// <summary>A busy machine may stop us between the two readings; then they say nothing about each other.</summary>
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(100);

    private (long Timestamp, DateTimeOffset Instant) last = Together(clock);

    /// <summary>The instant now, and how far the clock was set since the last reading: back when negative, zero when it was not.</summary>
    public (DateTimeOffset Now, TimeSpan Jump) Read()
    {
        var reading = Together(clock);
        var jump = Jump(reading);
        last = reading;
        return (reading.Instant, jump);
    }

    /// <summary>As <see cref="Read"/>, and the next reading will say the same.</summary>
    public (DateTimeOffset Now, TimeSpan Jump) Peek()
    {
        var reading = Together(clock);
        return (reading.Instant, Jump(reading));
    }

    private TimeSpan Jump((long Timestamp, DateTimeOffset Instant) reading)
    {
        var jump = reading.Instant - last.Instant - clock.GetElapsedTime(last.Timestamp, reading.Timestamp);
        return jump.Duration() > Tolerance ? jump : TimeSpan.Zero;
    }

    private static (long Timestamp, DateTimeOffset Instant) Together(TimeProvider clock)
    {
        while (true)
        {
            var (timestamp, instant) = (clock.GetTimestamp(), clock.GetUtcNow());
            if (clock.GetElapsedTime(timestamp) < Apart)
            {
                return (timestamp, instant);
            }
        }
    }
}
