using Refinery.Contract;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>What builds run in is there: limits that can be set, an engine with an image, a cluster.</summary>
internal sealed class RunnerCheck(IBuildRunner runner) : ISmokeCheck
{
    public string Name => "runner";

    public Task<string?> FaultAsync(CancellationToken cancellationToken) => runner.FaultAsync(cancellationToken);
}
