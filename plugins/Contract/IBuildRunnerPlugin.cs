namespace Refinery.Contract;

/// <summary>The entry of a runner plugin: one public type with a parameterless constructor in the plugin's assembly.</summary>
/// <remarks>The host loads the folder below <c>plugins/runners/</c> that <c>BUILD_RUNNER</c> names and expects exactly one such type in it.</remarks>
public interface IBuildRunnerPlugin
{
    /// <summary>The word for <c>BUILD_RUNNER</c>: lower case, equal to the folder's name.</summary>
    string Name { get; }

    /// <summary>Reads the settings and makes the runner. What it builds on need not be reachable yet.</summary>
    /// <exception cref="PluginException">The settings are wrong; the message is one sentence for a person.</exception>
    Task<IBuildRunner> OpenAsync(PluginContext context, CancellationToken cancellationToken);
}
