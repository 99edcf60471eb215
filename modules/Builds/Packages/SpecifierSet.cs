namespace Refinery.Builds.Packages;

/// <summary>Clauses on a version that must all hold; without clauses every version fits.</summary>
internal sealed class SpecifierSet(IReadOnlyList<VersionSpecifier> clauses)
{
    public static SpecifierSet Any { get; } = new([]);

    public IReadOnlyList<VersionSpecifier> Clauses => clauses;

    /// <summary>Whether one version alone is named, by <c>==</c> without <c>.*</c> or by <c>===</c>.</summary>
    public bool IsPinned => clauses.Any(clause => clause.IsExact);

    /// <summary>Whether a clause names a pre-release and so asks for them.</summary>
    public bool AsksForPreReleases => clauses.Any(clause => clause.AsksForPreReleases);

    /// <param name="text">Clauses between commas; empty text is no clause.</param>
    /// <exception cref="FormatException">A clause is wrong; the message is one sentence that quotes it.</exception>
    public static SpecifierSet Parse(string text) => string.IsNullOrWhiteSpace(text)
        ? Any
        : new([.. WithoutLastComma(text).Split(',').Select(VersionSpecifier.Parse)]);

    /// <summary>Null when a clause is wrong.</summary>
    public static SpecifierSet? TryParse(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return Any;
        }

        List<VersionSpecifier> clauses = [];
        foreach (var part in WithoutLastComma(text).Split(','))
        {
            if (VersionSpecifier.TryParse(part) is not { } clause)
            {
                return null;
            }

            clauses.Add(clause);
        }

        return new(clauses);
    }

    /// <summary>Whether every clause holds; pre-releases count like any other version.</summary>
    public bool Contains(PepVersion version) => clauses.All(clause => clause.Contains(version));

    /// <summary>What fits, in the given order: pre-releases only when a clause or the caller asks for them, or when nothing else fits.</summary>
    public IReadOnlyList<T> Filter<T>(IEnumerable<T> candidates, Func<T, PepVersion> versionOf, bool allowPreReleases = false)
    {
        List<T> fitting = [.. candidates.Where(candidate => Contains(versionOf(candidate)))];
        if (allowPreReleases || AsksForPreReleases)
        {
            return fitting;
        }

        List<T> released = [.. fitting.Where(candidate => !versionOf(candidate).IsPreRelease)];
        return released.Count > 0 ? released : fitting;
    }

    /// <summary>Both sets at once.</summary>
    public SpecifierSet And(SpecifierSet other) => new([.. clauses, .. other.Clauses]);

    public override string ToString() => string.Join(',', clauses);

    private static string WithoutLastComma(string text) => text.TrimEnd() is [.. var front, ','] ? front : text;
}
