using Microsoft.Extensions.Hosting;

namespace Refinery.Artifacts;

/// <summary>At start, removes what a crash left half written.</summary>
internal sealed class ArtifactSweep(ArtifactFiles files) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        files.Sweep();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
