using System.Text.Json;
using Refinery.Kernel.Web;

namespace Refinery.Hints;

/// <summary>The hints that come with Refinery, in <c>seed.json</c>. An id, once released, keeps its meaning for ever.</summary>
internal static class SeedCatalogue
{
    /// <summary>Reads the catalogue anew; it is needed once a start.</summary>
    public static IReadOnlyList<SeedHint> Read()
    {
        using var stream = typeof(SeedCatalogue).Assembly.GetManifestResourceStream("seed.json")
            ?? throw new InvalidOperationException("The seed catalogue is missing from the assembly.");
        return JsonSerializer.Deserialize<SeedHint[]>(stream, RefineryJson.Options) ?? [];
    }
}

/// <summary>A hint of the catalogue with the lines that prove it.</summary>
/// <param name="Id"><c>hint-</c> and a word for the failure.</param>
/// <param name="Example">A log line the pattern must match.</param>
/// <param name="NearMiss">A line that speaks of the same thing and must not match.</param>
internal sealed record SeedHint(
    string Id,
    string Pattern,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Recipes,
    string Note,
    double Confidence,
    string Example,
    string NearMiss,
    IReadOnlyList<string>? AppliesTo = null)
{
    /// <summary>The hint without its proof.</summary>
    public Hint ToHint() => new()
    {
        Id = Id,
        Pattern = Pattern,
        Recipes = Recipes,
        Note = Note,
        AppliesTo = AppliesTo,
        Confidence = Confidence,
        Origin = HintOrigin.Seed,
    };
}
