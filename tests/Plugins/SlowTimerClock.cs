namespace Refinery.Tests.Plugins;

/// <summary>A clock whose timers of half a second and more ring twenty times later than they are set: the limits a backend sets itself do, short waits do not.</summary>
internal sealed class SlowTimerClock : TimeProvider
{
    private const int Times = 20;

    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(0.5);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime < Shortest ? dueTime : dueTime * Times, period);
}
