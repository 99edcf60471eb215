using System.Text.Json;
using Refinery.Kernel.Web;

namespace Refinery.Queue;

/// <summary>Recipes in both written forms: <c>["apt:libffi-dev"]</c> and <c>{"apt":["libffi-dev"]}</c>.</summary>
internal static class RecipeList
{
    /// <summary>Why the recipes cannot be taken, in one sentence; null when they can or there are none.</summary>
    public static string? Fault(JsonElement? recipes)
    {
        var byManager = ByManager(Entries(recipes, out var malformed));
        return malformed
            ? "The field 'recipes' is wrong; a list like [\"apt:libffi-dev\"] or an object like {\"apt\":[\"libffi-dev\"]} is expected."
            : RecipeRules.Fault(byManager);
    }

    /// <summary>The recipes by manager, or null when there are none.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>>? Read(JsonElement? recipes) =>
        ByManager(Entries(recipes, out _)) is { Count: > 0 } byManager ? byManager : null;

    /// <summary>The flat written form.</summary>
    public static IReadOnlyList<string> Flat(IReadOnlyDictionary<string, IReadOnlyList<string>> recipes) =>
        [.. recipes.SelectMany(recipe => recipe.Value.Select(package => $"{recipe.Key}:{package}"))];

    private static Dictionary<string, IReadOnlyList<string>> ByManager(List<(string Manager, string Package)> entries) => entries
        .GroupBy(entry => entry.Manager, StringComparer.Ordinal)
        .ToDictionary(
            group => group.Key,
            IReadOnlyList<string> (group) => [.. group.Select(entry => entry.Package).Distinct(StringComparer.Ordinal)],
            StringComparer.Ordinal);

    private static List<(string Manager, string Package)> Entries(JsonElement? recipes, out bool malformed)
    {
        var entries = new List<(string, string)>();
        malformed = recipes switch
        {
            null or { ValueKind: JsonValueKind.Null } => false,
            { ValueKind: JsonValueKind.Array } list => !ReadList(list, entries),
            { ValueKind: JsonValueKind.Object } map => !ReadMap(map, entries),
            _ => true,
        };
        return entries;
    }

    private static bool ReadList(JsonElement list, List<(string, string)> entries)
    {
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String || item.GetString()?.Split(':', 2) is not [var manager, var package])
            {
                return false;
            }

            entries.Add((manager, package));
        }

        return true;
    }

    private static bool ReadMap(JsonElement map, List<(string, string)> entries)
    {
        foreach (var member in map.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Array || member.Value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
            {
                return false;
            }

            entries.AddRange(member.Value.EnumerateArray().Select(item => (member.Name, item.GetString() ?? string.Empty)));
        }

        return true;
    }
}
