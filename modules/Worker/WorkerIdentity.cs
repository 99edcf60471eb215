using System.Text.RegularExpressions;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>Who this worker is: a pod id of its own for each start.</summary>
internal sealed partial class WorkerIdentity
{
    /// <summary><c>worker-{machine}-{6 hex}</c>.</summary>
    public string PodId { get; } = $"worker-{Odd().Replace(Environment.MachineName.ToLowerInvariant(), "-")}-{Ids.RandomHex(3)}";

    [GeneratedRegex("[^a-z0-9-]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Odd();
}
