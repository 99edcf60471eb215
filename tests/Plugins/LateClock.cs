namespace Refinery.Tests.Plugins;

/// <summary>A clock whose timers ring twenty times later than they are set.</summary>
internal sealed class LateClock : TimeProvider
{
    private const int Times = 20;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, Later(dueTime), Later(period));

    private static TimeSpan Later(TimeSpan time) => time == Timeout.InfiniteTimeSpan ? time : time * Times;
}
