namespace Refinery.Tests.Chaos;

/// <summary>A wall clock that can be set, over time that passes as it does.</summary>
internal sealed class SetClock : TimeProvider
{
    private long offset;

    public void Set(TimeSpan by) => Interlocked.Add(ref offset, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref offset));
}
