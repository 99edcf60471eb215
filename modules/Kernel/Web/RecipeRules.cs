using System.Text.RegularExpressions;

namespace Refinery.Kernel.Web;

/// <summary>What recipes may hold wherever they come from: names that no package manager and no shell can take for anything else.</summary>
public static partial class RecipeRules
{
    /// <summary>A manager's list is no longer than this.</summary>
    private const int MaxEntries = 100;

    /// <summary>The managers in the order in which the faults are told.</summary>
    private static readonly string[] Managers = ["apt", "dnf", "pip", "env"];

    /// <summary>The first fault of recipes in one sentence that names the field <c>recipes</c>; null when there is none.</summary>
    /// <param name="recipes">Entries by manager: package names for apt, dnf and pip, <c>NAME=value</c> for env. A list that is or holds
    /// null, as a client's JSON may, is a fault.</param>
    /// <remarks>Pure; safe from any thread.</remarks>
    public static string? Fault(IReadOnlyDictionary<string, IReadOnlyList<string>> recipes) =>
        recipes.Keys.FirstOrDefault(manager => !Managers.Contains(manager, StringComparer.Ordinal)) is { } stranger
            ? $"The field 'recipes' names {Errors.Quote(stranger)}; apt, dnf, pip or env is expected."
            : Managers.Where(recipes.ContainsKey).Select(manager => ListFault(manager, recipes[manager])).FirstOrDefault(fault => fault is not null);

    private static string? ListFault(string manager, IReadOnlyList<string>? entries)
    {
        if (entries is null || entries.Any(entry => entry is null))
        {
            return $"The field 'recipes.{manager}' is or holds null; an array of texts is expected.";
        }

        if (entries.Count > MaxEntries)
        {
            return $"The field 'recipes.{manager}' has {entries.Count} entries; at most {MaxEntries} are expected.";
        }

        var isEnvironment = manager == "env";
        var rule = isEnvironment ? Setting() : Package();
        return entries.FirstOrDefault(entry => !rule.IsMatch(entry)) is { } wrong
            ? $"The field 'recipes.{manager}' holds {Errors.Quote(wrong)}; {(isEnvironment ? "NAME=value on one line" : "a package name of letters, digits and + . _ : -")} is expected."
            : null;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9+._:-]{0,199}\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Package();

    /// <summary>An environment variable as POSIX names them, and a value without control characters.</summary>
    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]{0,99}=[^\p{C}]{0,1000}\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Setting();
}
