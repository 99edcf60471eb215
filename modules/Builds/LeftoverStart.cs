using Microsoft.Extensions.Hosting;
using Refinery.Builds.Processes;
using Refinery.Kernel.Storage;

namespace Refinery.Builds;

/// <summary>Before any build starts, ends the processes and removes the folders that a killed host left behind.</summary>
internal sealed class LeftoverStart(Leftovers leftovers, IDataDirectory data) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => leftovers.ClearAsync(Path.Combine(data.Path, "work"), cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
