namespace Refinery.Tests.Plugins;

/// <summary>A clock whose timers never ring: what waits must be woken otherwise.</summary>
internal sealed class TimelessClock : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new SilentTimer();

    /// <summary>Never rings.</summary>
    private sealed class SilentTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
