namespace Refinery.Contract;

/// <summary>Where pip looks for what a build needs. URLs may hold users and passwords.</summary>
/// <param name="IndexUrl">A Simple API root; null for pip's own.</param>
/// <param name="ExtraIndexUrls">Further indexes; empty when none.</param>
/// <param name="FindLinks">URLs of pages and absolute paths of folders, blanks and all; empty when none.</param>
/// <param name="NoIndex">True to ask only <paramref name="FindLinks"/>.</param>
public sealed record BuildSources(string? IndexUrl, IReadOnlyList<string> ExtraIndexUrls, IReadOnlyList<string> FindLinks, bool NoIndex)
{
    /// <summary>These, asking no index and naming none.</summary>
    public BuildSources WithoutIndex => this with { IndexUrl = null, ExtraIndexUrls = [], NoIndex = true };

    /// <summary>The same as pip's environment variables; what is not set is absent.</summary>
    public IReadOnlyDictionary<string, string> ToVariables()
    {
        (string Name, string? Value)[] variables =
        [
            ("PIP_INDEX_URL", IndexUrl), ("PIP_EXTRA_INDEX_URL", string.Join(' ', ExtraIndexUrls)),
            ("PIP_FIND_LINKS", string.Join(' ', FindLinks.Select(Link))), ("PIP_NO_INDEX", NoIndex ? "1" : null),
        ];
        return variables.Where(variable => !string.IsNullOrWhiteSpace(variable.Value))
            .ToDictionary(variable => variable.Name, variable => variable.Value ?? string.Empty, StringComparer.Ordinal);
    }

    /// <summary>Blanks divide links, so a path with one is named as a URL.</summary>
    private static string Link(string link) => Path.IsPathRooted(link) && link.Any(char.IsWhiteSpace) ? new Uri(link).AbsoluteUri : link;
}
