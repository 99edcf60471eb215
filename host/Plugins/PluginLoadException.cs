namespace Refinery.Host.Plugins;

/// <summary>A plugin cannot be loaded; the message is one sentence for the person who starts the host and is printed as it stands.</summary>
internal sealed class PluginLoadException(string message, Exception? innerException = null) : Exception(message, innerException);
