using Refinery.Contract;
using Refinery.Kernel.Work;

namespace Refinery.Host.Plugins;

/// <summary>Holds the one queue backend: its plugin is loaded when the host is built and opened before the port is.</summary>
internal sealed class QueueSlot(IQueuePlugin plugin, IServiceProvider services) : IAsyncDisposable
{
    private IQueueBackend? backend;

    /// <summary>What was loaded.</summary>
    public QueueBackendInfo Info { get; } = new(plugin.Name, plugin.Capabilities);

    /// <summary>The open backend.</summary>
    /// <exception cref="InvalidOperationException">It is not open yet.</exception>
    public IQueueBackend Backend => backend ?? throw new InvalidOperationException("The queue backend is used before it is open.");

    /// <summary>Opens the backend.</summary>
    /// <exception cref="PluginException">It cannot open; the message is for a person.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken) => backend = await plugin.OpenAsync(
        services.GetRequiredService<PluginContext>(), cancellationToken);

    public ValueTask DisposeAsync() => backend?.DisposeAsync() ?? ValueTask.CompletedTask;
}
