using Refinery.Contract;

namespace Refinery.Host.Plugins;

/// <summary>Holds the runner of a plugin: it is loaded when the host is built and opened before any build starts.</summary>
internal sealed class RunnerSlot(IBuildRunnerPlugin plugin, PluginContext context)
{
    private IBuildRunner? runner;

    /// <summary>The open runner.</summary>
    /// <exception cref="InvalidOperationException">It is not open yet.</exception>
    public IBuildRunner Runner => runner ?? throw new InvalidOperationException("The build runner is used before it is open.");

    /// <summary>Opens the runner.</summary>
    /// <exception cref="PluginException">Its settings are wrong; the message is for a person.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken) => runner = await plugin.OpenAsync(context, cancellationToken);
}
