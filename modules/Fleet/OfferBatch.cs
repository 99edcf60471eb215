using Refinery.Contract;

namespace Refinery.Fleet;

/// <summary>Items that go to the backend in one call, and who waits for it.</summary>
internal sealed class OfferBatch
{
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<QueueItem> Items { get; } = [];

    /// <summary>Ends when the backend has taken the items, or was found away.</summary>
    public Task Done => done.Task;

    public void Complete() => done.TrySetResult();
}
