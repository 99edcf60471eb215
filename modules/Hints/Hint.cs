namespace Refinery.Hints;

/// <summary>What is known about one kind of failure: the log line that shows it and what would mend it.</summary>
internal sealed record Hint
{
    public required string Id { get; init; }

    /// <summary>A regular expression of the non-backtracking engine, searched within single lines.</summary>
    public required string Pattern { get; init; }

    /// <summary>Packages by manager (apt, dnf, pip), or <c>NAME=value</c> settings under env; empty when only a person can mend it.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Recipes { get; init; }

    /// <summary>One sentence for a person.</summary>
    public required string Note { get; init; }

    /// <summary>The packages it is for; null for all.</summary>
    public IReadOnlyList<string>? AppliesTo { get; init; }

    /// <summary>0–1: how sure it is that the line means this failure; null when nobody said.</summary>
    public double? Confidence { get; init; }

    public required HintOrigin Origin { get; init; }

    /// <summary>How many failed attempts it has matched.</summary>
    public long Matches { get; init; }
}

/// <summary>Where a hint came from; an edit does not change it.</summary>
internal enum HintOrigin
{
    Seed,
    User,
}
