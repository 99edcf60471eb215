using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>Who this worker is: a pod id of its own for each start.</summary>
internal sealed class WorkerIdentity
{
    /// <summary><c>worker-{machine}-{6 hex}</c>.</summary>
    public string PodId { get; } = PodName.New("worker");
}
