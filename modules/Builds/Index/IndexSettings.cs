using Refinery.Builds.Packages;
using Refinery.Contract;

namespace Refinery.Builds.Index;

/// <summary>Where sources come from.</summary>
/// <param name="IndexUrl">A Simple API root; null for none, or for the one the interpreter's own pip asks.</param>
/// <param name="ExtraIndexUrls">Further indexes; empty when none.</param>
/// <param name="FindLinks">URLs of pages and absolute paths of folders, blanks and all.</param>
/// <param name="NoIndex">True to ask only <paramref name="FindLinks"/>.</param>
/// <param name="AllowPreReleases">True when pre-releases count as releases do.</param>
internal sealed record IndexSettings(
    string? IndexUrl, IReadOnlyList<string> ExtraIndexUrls, IReadOnlyList<string> FindLinks, bool NoIndex, bool AllowPreReleases = false)
{
    /// <summary>Those of the options.</summary>
    public static IndexSettings Of(BuildOptions options) =>
        new(options.IndexUrl, Split(options.ExtraIndexUrls), [.. Split(options.FindLinks).Select(Absolute)], options.NoIndex == "1");

    /// <summary>These and what a requirements file adds; where only one index can be, these win.</summary>
    public IndexSettings With(RequirementsOptions file) => new(
        IndexUrl ?? file.IndexUrl,
        [.. ExtraIndexUrls, .. file.ExtraIndexUrls],
        [.. FindLinks, .. file.FindLinks.Select(Absolute)],
        NoIndex || file.NoIndex,
        AllowPreReleases || file.AllowPreReleases);

    /// <summary>The same as a build sees them.</summary>
    public BuildSources ToBuildSources() => new(IndexUrl, ExtraIndexUrls, FindLinks, NoIndex);

    /// <summary>Builds run in a folder of their own, where a relative path would lead elsewhere.</summary>
    private static string Absolute(string link) =>
        !Uri.TryCreate(link, UriKind.Absolute, out var location) ? Path.GetFullPath(link)
        : location.IsFile ? Path.GetFullPath(location.LocalPath)
        : link;

    private static string[] Split(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
