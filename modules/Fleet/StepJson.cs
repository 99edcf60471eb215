using System.Text;
using System.Text.Json;
using Refinery.Kernel.Web;

namespace Refinery.Fleet;

/// <summary>Reads and writes the JSON columns of a step.</summary>
internal static class StepJson
{
    private static readonly JsonElement EmptyObject = JsonDocument.Parse("{}").RootElement;

    public static JsonElement Parse(string json)
    {
        if (json == "{}")
        {
            return EmptyObject;
        }

        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        return JsonElement.ParseValue(ref reader);
    }

    /// <summary>The object given, or an empty one.</summary>
    public static JsonElement Object(JsonElement? value) => value is { ValueKind: JsonValueKind.Object } given ? given : EmptyObject;

    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Recipes(string? json) =>
        json is null ? Empty : JsonSerializer.Deserialize<Dictionary<string, IReadOnlyList<string>>>(json, RefineryJson.Options) ?? Empty;

    public static string? Recipes(IReadOnlyDictionary<string, IReadOnlyList<string>>? recipes) =>
        recipes is { Count: > 0 } ? JsonSerializer.Serialize(recipes, RefineryJson.Options) : null;

    /// <summary>The step's recipes with the outcome's added, or null when nothing is added.</summary>
    public static string? Merge(string? known, IReadOnlyDictionary<string, IReadOnlyList<string>>? added)
    {
        if (added is not { Count: > 0 })
        {
            return null;
        }

        var merged = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (manager, packages) in Recipes(known).Concat(added))
        {
            merged[manager] = [.. merged.GetValueOrDefault(manager, []).Union(packages, StringComparer.Ordinal)];
        }

        return JsonSerializer.Serialize(merged, RefineryJson.Options);
    }

    private static readonly IReadOnlyDictionary<string, IReadOnlyList<string>> Empty =
        new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
}
