namespace Refinery.Kernel.Work;

/// <summary>Wakes everyone who waits. Take <see cref="Next"/> before looking at the state, so that no pulse between look and wait is missed.</summary>
public sealed class AsyncSignal
{
    private TaskCompletionSource next = New();

    /// <summary>Ends at the next pulse.</summary>
    public Task Next => Volatile.Read(ref next).Task;

    /// <summary>Wakes all who wait now.</summary>
    public void Pulse() => Interlocked.Exchange(ref next, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
