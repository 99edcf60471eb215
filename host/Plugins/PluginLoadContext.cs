using System.Reflection;
using System.Runtime.Loader;

namespace Refinery.Host.Plugins;

/// <summary>A plugin's own world: its private packages and native libraries come from its folder, the contract from the host.</summary>
/// <remarks>
/// Types that cross the wall must be the same type on both sides, so Refinery.Contract and what it exposes (Microsoft.Extensions)
/// always come from the host; a copy of them in the folder is ignored.
/// </remarks>
internal sealed class PluginLoadContext(string folder, IReadOnlyList<PluginAssembly> assemblies) : AssemblyLoadContext($"plugin {folder}")
{
    private readonly List<AssemblyDependencyResolver> resolvers =
        [.. assemblies.Select(assembly => new AssemblyDependencyResolver(assembly.Path))];

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (IsShared(assemblyName.Name) && FindInHost(assemblyName) is { } shared)
        {
            return shared;
        }

        return FindPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName)
    {
        var path = resolvers.Select(resolver => resolver.ResolveUnmanagedDllToPath(unmanagedDllName)).FirstOrDefault(found => found is not null);
        return path is null ? 0 : LoadUnmanagedDllFromPath(path);
    }

    private static bool IsShared(string? name) =>
        name is "Refinery.Contract" || name?.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal) == true;

    private static Assembly? FindInHost(AssemblyName assemblyName)
    {
        try
        {
            return Default.LoadFromAssemblyName(assemblyName);
        }
        catch (Exception exception) when (exception is FileNotFoundException or FileLoadException)
        {
            return null;
        }
    }

    private string? FindPath(AssemblyName assemblyName)
    {
        var resolved = resolvers.Select(resolver => resolver.ResolveAssemblyToPath(assemblyName)).FirstOrDefault(found => found is not null);
        var beside = Path.Combine(folder, $"{assemblyName.Name}.dll");
        return resolved ?? (assemblyName.CultureName is null or "" && File.Exists(beside) ? beside : null);
    }
}
