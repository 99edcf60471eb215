using Refinery.Kernel.Web;

namespace Refinery.Hints;

/// <summary>A hint as a client writes it.</summary>
/// <param name="Pattern">A regular expression for the non-backtracking engine, searched within single lines of a log's tail.</param>
/// <param name="Recipes">Packages by manager (<c>apt</c>, <c>dnf</c>, <c>pip</c>), or <c>NAME=value</c> settings under <c>env</c>.</param>
/// <param name="Note">What is wrong, for a person.</param>
/// <param name="AppliesTo">Only for these packages; left out for all.</param>
/// <param name="Confidence">0–1.</param>
internal sealed record HintRequest(
    string Pattern,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Recipes,
    string? Note = null,
    IReadOnlyList<string>? AppliesTo = null,
    double? Confidence = null) : IChecked
{
    public string? Fault() =>
        PatternRules.Fault(Pattern)
        ?? RecipeRules.Fault(Recipes)
        ?? HintRules.NoteFault(Note)
        ?? HintRules.AppliesToFault(AppliesTo)
        ?? (Confidence is < 0 or > 1 ? $"The field 'confidence' is '{Confidence}'; a number from 0 to 1 is expected." : null);

    /// <summary>The hint this request describes.</summary>
    public Hint ToHint(string id, HintOrigin origin, long matches = 0) => new()
    {
        Id = id,
        Pattern = Pattern,
        Recipes = Recipes,
        Note = Note ?? string.Empty,
        AppliesTo = AppliesTo is { Count: > 0 } ? AppliesTo : null,
        Confidence = Confidence,
        Origin = origin,
        Matches = matches,
    };
}

/// <summary>A failing log whose hints are wanted.</summary>
/// <param name="Content">The log's end.</param>
/// <param name="Package">The package that failed; left out when none.</param>
internal sealed record MatchRequest(string Content, string? Package = null) : IChecked
{
    public string? Fault() => Package is null ? null : PackageName.Fault(Package);
}

/// <summary>What was done.</summary>
internal sealed record HintDeleted(string Detail, string Id);
