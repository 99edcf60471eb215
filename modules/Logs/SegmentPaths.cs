using System.Globalization;

namespace Refinery.Logs;

/// <summary>The two files of a segment: <c>00000001.segment</c> with the texts and, once it is sealed, <c>00000001.index</c>.</summary>
internal sealed record SegmentPaths(string Folder, int Number)
{
    public string Segment => Path.Combine(Folder, $"{Number:D8}.segment");

    public string Index => Path.Combine(Folder, $"{Number:D8}.index");

    /// <summary>The segments there are, oldest first.</summary>
    public static IReadOnlyList<SegmentPaths> List(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*.segment")
            .Select(path => Path.GetFileNameWithoutExtension(path))
            .Where(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Select(name => new SegmentPaths(folder, int.Parse(name, CultureInfo.InvariantCulture)))
            .OrderBy(paths => paths.Number),
    ];
}
