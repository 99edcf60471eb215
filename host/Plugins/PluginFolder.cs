using System.Reflection;
using Refinery.Contract;

namespace Refinery.Host.Plugins;

/// <summary>One folder that holds a plugin and what it needs; every fault in it becomes one sentence that names it.</summary>
/// <param name="path">The folder, absolute.</param>
internal sealed class PluginFolder(string path)
{
    private static readonly Version Offered = typeof(IQueuePlugin).Assembly.GetName().Version ?? new Version();

    public string Path => path;

    public string Name => System.IO.Path.GetFileName(path);

    /// <summary>Loads the folder's plugin assemblies and creates every public type that implements the contract.</summary>
    /// <typeparam name="TContract">An interface of Refinery.Contract.</typeparam>
    /// <returns>At least one.</returns>
    /// <exception cref="PluginLoadException">Nothing in the folder can be used; the sentence says why.</exception>
    public IReadOnlyList<TContract> CreateAll<TContract>()
    {
        var assemblies = FindAssemblies(out var unreadable);
        if (assemblies.Count == 0 && unreadable is not null)
        {
            throw Fault($"holds '{unreadable}', which is not a .NET assembly");
        }

        CheckVersions(assemblies);
        var types = assemblies.Count == 0 ? [] : LoadTypes(assemblies).Where(Implements<TContract>).ToList();
        return types.Count > 0
            ? [.. types.Select(Create<TContract>)]
            : throw Fault($"holds no public class that implements {typeof(TContract).Name}");
    }

    private static bool Implements<TContract>(Type type) =>
        type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false } && type.IsAssignableTo(typeof(TContract));

    private IReadOnlyList<PluginAssembly> FindAssemblies(out string? unreadable)
    {
        try
        {
            return PluginAssembly.FindIn(path, out unreadable);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Fault("cannot be read by this user", exception);
        }
    }

    private void CheckVersions(IReadOnlyList<PluginAssembly> assemblies)
    {
        var odd = assemblies.FirstOrDefault(assembly => assembly.Contract.Major != Offered.Major || assembly.Contract.Minor > Offered.Minor);
        if (odd is not null)
        {
            throw Fault(
                $"holds '{odd.FileName}', built for version {odd.Contract.ToString(2)} of Refinery.Contract; "
                + $"this host runs plugins built for {Offered.Major}.0 to {Offered.ToString(2)}");
        }
    }

    private List<Type> LoadTypes(IReadOnlyList<PluginAssembly> assemblies)
    {
        try
        {
            var context = new PluginLoadContext(path, assemblies);
            return [.. assemblies.SelectMany(assembly => TypesOf(context, assembly))];
        }
        catch (InvalidOperationException exception)
        {
            // The resolver's only fault: it reads the .deps.json beside the assembly.
            throw Fault("holds a .deps.json that cannot be read", exception);
        }
    }

    private Type[] TypesOf(PluginLoadContext context, PluginAssembly plugin)
    {
        try
        {
            var assembly = context.LoadFromAssemblyPath(plugin.Path);
            foreach (var reference in assembly.GetReferencedAssemblies())
            {
                // Asked for now, so that what is missing is said at the start and not by the first step.
                context.LoadFromAssemblyName(reference);
            }

            return assembly.GetExportedTypes();
        }
        catch (Exception exception) when (exception is FileNotFoundException or FileLoadException)
        {
            var missing = (exception as FileNotFoundException)?.FileName ?? (exception as FileLoadException)?.FileName ?? "?";
            throw Fault($"holds '{plugin.FileName}', which needs the assembly '{ShortName(missing)}' that is not there", exception);
        }
        catch (Exception exception) when (exception is TypeLoadException or BadImageFormatException)
        {
            throw Fault($"holds '{plugin.FileName}', which does not fit this host's contract or machine; build it again", exception);
        }
    }

    private TContract Create<TContract>(Type type)
    {
        try
        {
            return Activator.CreateInstance(type) is TContract plugin ? plugin : throw Fault($"holds {type}, which cannot be created");
        }
        catch (MissingMethodException exception)
        {
            throw Fault($"holds {type}, which has no public constructor without parameters", exception);
        }
        catch (TargetInvocationException exception)
        {
            throw Fault($"holds {type}, whose constructor threw {exception.InnerException?.GetType().Name}", exception);
        }
    }

    // "Name, Version=1.2.3.4, Culture=…" as the loader gives it; a person needs the first two.
    private static string ShortName(string assembly) => assembly.Split(", Culture=")[0].Replace(", Version=", " ", StringComparison.Ordinal);

    private PluginLoadException Fault(string what, Exception? cause = null) => new($"Plugin folder '{path}' {what}.", cause);
}
