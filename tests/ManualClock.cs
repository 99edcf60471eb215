namespace Refinery.Tests;

/// <summary>Time that passes only when the test says so, and a wall clock that can be set beside it. Timers are not served.</summary>
internal sealed class ManualClock : TimeProvider
{
    private long elapsed;
    private long offset;

    /// <summary>Lets time pass.</summary>
    public void Advance(TimeSpan by) => Interlocked.Add(ref elapsed, by.Ticks);

    /// <summary>Sets the wall clock; no time passes.</summary>
    public void Set(TimeSpan by) => Interlocked.Add(ref offset, by.Ticks);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref elapsed);

    public override DateTimeOffset GetUtcNow() =>
        new DateTimeOffset(2026, 1, 24, 10, 0, 0, TimeSpan.Zero).AddTicks(Interlocked.Read(ref elapsed) + Interlocked.Read(ref offset));
}
