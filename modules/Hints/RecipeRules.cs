using System.Text.RegularExpressions;
using Refinery.Kernel.Web;

namespace Refinery.Hints;

/// <summary>What a recipe may hold: names that no package manager and no shell can take for anything else.</summary>
internal static partial class RecipeRules
{
    /// <summary>A manager's list is no longer than this.</summary>
    private const int MaxEntries = 100;

    private const int MaxNote = 2_000;

    /// <summary>The managers in the order in which the faults are told.</summary>
    private static readonly string[] Managers = ["apt", "dnf", "pip", "env"];

    /// <summary>The first fault of the recipes in one sentence; null when there is none.</summary>
    public static string? Fault(IReadOnlyDictionary<string, IReadOnlyList<string>> recipes) =>
        recipes.Keys.FirstOrDefault(manager => !Managers.Contains(manager, StringComparer.Ordinal)) is { } stranger
            ? $"The field 'recipes' names {Errors.Quote(stranger)}; apt, dnf, pip or env is expected."
            : Managers.Where(recipes.ContainsKey).Select(manager => ListFault(manager, recipes[manager])).FirstOrDefault(fault => fault is not null);

    /// <summary>The fault of a note; null when there is none.</summary>
    public static string? NoteFault(string? note) =>
        note?.Length > MaxNote ? $"The field 'note' has {note.Length} characters; at most {MaxNote} are expected." : null;

    /// <summary>The fault of the list of packages a hint is for; null when there is none.</summary>
    public static string? AppliesToFault(IReadOnlyList<string>? packages) => packages switch
    {
        null => null,
        { Count: > MaxEntries } => $"The field 'applies_to' has {packages.Count} names; at most {MaxEntries} are expected.",
        _ => packages.FirstOrDefault(name => name is null || PackageName.Fault(name) is not null) is { } wrong
            ? $"The field 'applies_to' holds {Errors.Quote(wrong)}; the name of a Python package is expected."
            : null,
    };

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
