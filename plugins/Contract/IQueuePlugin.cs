namespace Refinery.Contract;

/// <summary>The entry of a queue plugin: one public type with a parameterless constructor in the plugin's assembly.</summary>
/// <remarks>The host loads the folder that <c>QUEUE_BACKEND</c> names and expects exactly one such type in it.</remarks>
public interface IQueuePlugin
{
    /// <summary>The word for <c>QUEUE_BACKEND</c>: lower case, equal to the folder's name.</summary>
    string Name { get; }

    /// <summary>What the backend can do; the host refuses the rest with a clear answer.</summary>
    QueueCapabilities Capabilities { get; }

    /// <summary>Opens the queue and repairs what a crash left behind.</summary>
    /// <exception cref="PluginException">The settings are wrong or the queue is held by another process; the message is one sentence for a person.</exception>
    Task<IQueueBackend> OpenAsync(PluginContext context, CancellationToken cancellationToken);
}
