using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Refinery.Builds.Processes;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>Before any build starts, ends the processes and containers and removes the folders that a killed host left behind.</summary>
internal sealed class LeftoverStart(
    Leftovers leftovers, ContainerEngine engine, IOptions<BuildOptions> options, IDataDirectory data) : IHostedService
{
    private string Root => Path.Combine(data.Path, "work");

    public Task StartAsync(CancellationToken cancellationToken) => leftovers.ClearAsync(Root, RemoveContainerAsync, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A container outlives the client that started it.</summary>
    private async Task RemoveContainerAsync(string mark)
    {
        if (options.Value.Runner == "container")
        {
            using var work = WorkFolder.Create(Root, "leftovers", Ids.RandomHex(8));
            await engine.RemoveAsync(ContainerEngine.NameOf(mark), work);
        }
    }
}
