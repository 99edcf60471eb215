using System.Buffers;
using Refinery.Contract;

namespace Refinery.Host.Plugins;

/// <summary>Finds plugins by folder below one root: <c>QUEUE_BACKEND</c> names the queue's, <c>BUILD_RUNNER</c> one in <c>runners/</c>, and every folder in <c>handlers/</c> is loaded.</summary>
/// <param name="root">The plugins folder, absolute. It may be missing: then nothing is found.</param>
internal sealed class PluginHost(string root)
{
    private static readonly SearchValues<char> StepTypeCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-");

    private const string HandlersFolder = "handlers";
    private const string RunnersFolder = "runners";
    private const string KafkaBackend = "kafka";

    /// <summary>Loads the queue plugin in the folder of this name, and no other.</summary>
    /// <param name="backend">The value of <c>QUEUE_BACKEND</c>, equal to a folder's name.</param>
    /// <param name="kafkaEnabled">Whether the flag <c>Kafka</c> is on.</param>
    /// <param name="setting">What named it, for the sentence.</param>
    /// <exception cref="PluginLoadException">There is no such plugin, or it cannot be used here.</exception>
    public IQueuePlugin LoadQueue(string backend, bool kafkaEnabled, string setting = "QUEUE_BACKEND")
    {
        var folders = FoldersOf(root).Where(folder => folder.Name is not (HandlersFolder or RunnersFolder)).ToList();
        var folder = folders.Find(folder => folder.Name == backend) ?? throw new PluginLoadException(
            $"{setting} '{backend}' has no plugin; found: {ListOf(folders.Select(folder => folder.Name))}.");
        if (backend == KafkaBackend && !kafkaEnabled)
        {
            throw new PluginLoadException($"{setting} 'kafka' needs the flag Kafka; set FeatureManagement__Kafka=true.");
        }

        return OneOf<IQueuePlugin>(folder, "queue", plugin => plugin.Name);
    }

    /// <summary>Loads the runner plugin in the folder of this name, and no other.</summary>
    /// <param name="runner">The value of <c>BUILD_RUNNER</c>, equal to a folder's name or one of <paramref name="own"/>.</param>
    /// <param name="own">The runners that need no plugin.</param>
    /// <returns>Null for one of our own.</returns>
    /// <exception cref="PluginLoadException">There is no such plugin, or it cannot be used here.</exception>
    public IBuildRunnerPlugin? LoadRunner(string runner, IReadOnlyList<string> own)
    {
        if (own.Contains(runner, StringComparer.Ordinal))
        {
            return null;
        }

        var folders = FoldersOf(Path.Combine(root, RunnersFolder)).ToList();
        var folder = folders.Find(folder => folder.Name == runner) ?? throw new PluginLoadException(
            $"BUILD_RUNNER '{runner}' has no runner; found: {ListOf(folders.Select(folder => folder.Name).Union(own, StringComparer.Ordinal).Order(StringComparer.Ordinal))}.");
        return OneOf<IBuildRunnerPlugin>(folder, "runner", plugin => plugin.Name);
    }

    /// <summary>Loads every step handler in the folders of <c>handlers/</c>.</summary>
    /// <returns>Ordered by step type; each type once. Empty when there is no such folder.</returns>
    /// <exception cref="PluginLoadException">A folder holds no usable handler, or two handlers serve one step type.</exception>
    public IReadOnlyList<IStepHandler> LoadHandlers()
    {
        var handlers = FoldersOf(Path.Combine(root, HandlersFolder)).SelectMany(HandlersIn).ToList();
        var twice = handlers.GroupBy(handler => handler.Type, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1);
        return twice is null ? [.. handlers.OrderBy(handler => handler.Type, StringComparer.Ordinal)] : throw new PluginLoadException(
            $"Step type '{twice.Key}' has {twice.Count()} handlers ({ListOf(twice.Select(TypeOf))}); leave one.");
    }

    /// <summary>The one plugin of a folder, which has the folder's name.</summary>
    private static TPlugin OneOf<TPlugin>(PluginFolder folder, string kind, Func<TPlugin, string> nameOf)
        where TPlugin : class
    {
        var plugins = folder.CreateAll<TPlugin>();
        if (plugins.Count > 1)
        {
            throw new PluginLoadException(
                $"Plugin folder '{folder.Path}' holds {plugins.Count} {kind} plugins ({ListOf(plugins.Select(TypeOf))}); leave one.");
        }

        return nameOf(plugins[0]) == folder.Name ? plugins[0] : throw new PluginLoadException(
            $"Plugin folder '{folder.Path}' holds a plugin named '{nameOf(plugins[0])}'; rename the folder or the plugin so that they agree.");
    }

    private static IReadOnlyList<IStepHandler> HandlersIn(PluginFolder folder)
    {
        var handlers = folder.CreateAll<IStepHandler>();
        return handlers.FirstOrDefault(handler => !IsStepType(handler.Type)) is not { } odd ? handlers : throw new PluginLoadException(
            $"Plugin folder '{folder.Path}' holds a handler of step type '{odd.Type}'; a type is 1 to 100 letters, digits or _ . : -.");
    }

    private static IEnumerable<PluginFolder> FoldersOf(string parent) =>
        !Directory.Exists(parent) ? [] : Directory.EnumerateDirectories(parent).Order(StringComparer.Ordinal).Select(path => new PluginFolder(path));

    private static string ListOf(IEnumerable<string> names) => string.Join(", ", names.DefaultIfEmpty("none"));

    private static string TypeOf(object plugin) => $"{plugin.GetType()} in {plugin.GetType().Assembly.GetName().Name}.dll";

    private static bool IsStepType(string type) =>
        type is { Length: > 0 and <= 100 } && !type.AsSpan().ContainsAnyExcept(StepTypeCharacters);
}
