using System.Reflection;
using System.Text.RegularExpressions;

namespace Refinery.Kernel.Storage;

/// <summary>Brings the schema up to date from the <c>Schema/NNN_name.sql</c> texts embedded in each module, once, before the port opens.</summary>
public static partial class Migrations
{
    /// <summary>Runs what has not run yet, in the order of the assemblies given and of the numbers within each, all in one transaction.</summary>
    /// <param name="assemblies">Kernel first, then the modules.</param>
    /// <exception cref="InvalidOperationException">A text that ran before has changed since; the message names it.</exception>
    /// <remarks>One transaction holds the engine's write lock from the first statement, so of two hosts starting at once one waits and finds nothing to do.</remarks>
    public static Task<int> RunAsync(Database database, IReadOnlyList<Assembly> assemblies, CancellationToken cancellationToken)
    {
        var scripts = assemblies.SelectMany(Scripts).ToList();
        return database.WriteAsync(sql => MigrationStore.ApplyAsync(sql, scripts), cancellationToken);
    }

    /// <summary>How many texts have not run yet; runs none.</summary>
    /// <param name="assemblies">Kernel first, then the modules.</param>
    public static Task<int> CountMissingAsync(Database database, IReadOnlyList<Assembly> assemblies, CancellationToken cancellationToken)
    {
        var scripts = assemblies.SelectMany(Scripts).ToList();
        return database.ReadAsync(sql => MigrationStore.CountMissingAsync(sql, scripts), cancellationToken);
    }

    internal static IEnumerable<Migration> Scripts(Assembly assembly) =>
        assembly.GetManifestResourceNames()
            .Where(name => ScriptName().IsMatch(name))
            .Order(StringComparer.Ordinal)
            .Select(name => new Migration($"{assembly.GetName().Name}/{Path.GetFileNameWithoutExtension(name)}", Read(assembly, name)));

    private static string Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The schema text {name} is missing from {assembly.GetName().Name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"^Schema/\d{3}_[a-z_]+\.sql$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ScriptName();
}

/// <summary>One schema text and its name, for example <c>Refinery.Fleet/001_steps</c>.</summary>
internal sealed record Migration(string Name, string Sql);
