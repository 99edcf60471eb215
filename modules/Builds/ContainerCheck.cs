using Microsoft.Extensions.Options;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>When builds run in containers, the engine, an image and the mounted folders are there.</summary>
internal sealed class ContainerCheck(ContainerRunner runner, IOptions<BuildOptions> options) : ISmokeCheck
{
    public string Name => "container";

    public Task<string?> FaultAsync(CancellationToken cancellationToken) =>
        Task.FromResult(options.Value.Runner == runner.Name ? runner.Fault() : null);
}
