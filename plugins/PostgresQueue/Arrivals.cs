namespace Refinery.PostgresQueue;

/// <summary>Wakes every waiting caller of this host at once. Take <see cref="Next"/> before looking, so that nothing comes unheard between look and wait.</summary>
internal sealed class Arrivals
{
    private TaskCompletionSource next = New();

    /// <summary>Ends at the next arrival.</summary>
    public Task Next => Volatile.Read(ref next).Task;

    /// <summary>Wakes all who wait now.</summary>
    public void Pulse() => Interlocked.Exchange(ref next, New()).TrySetResult();

    // Continuations run elsewhere, so that the connection's reader does not carry the woken ones' work.
    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
