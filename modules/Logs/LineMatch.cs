namespace Refinery.Logs;

/// <summary>A matching line as it is shown: the part around the match, and the match within that part in UTF-16 units.</summary>
internal sealed record LineMatch(string Snippet, int Start, int Length)
{
    public const int MaxSnippet = 300;

    private const int Before = 100;

    /// <summary>Cuts a line to 300 characters around the match, never through a surrogate pair.</summary>
    public static LineMatch Cut(ReadOnlySpan<char> line, int start, int length)
    {
        var from = line.Length <= MaxSnippet ? 0 : Math.Clamp(start - Before, 0, line.Length - MaxSnippet);
        var to = Math.Min(line.Length, from + MaxSnippet);
        from += IsInsidePair(line, from) ? 1 : 0;
        to -= IsInsidePair(line, to) ? 1 : 0;
        return new LineMatch(line[from..to].ToString(), start - from, Math.Min(length, to - start));
    }

    private static bool IsInsidePair(ReadOnlySpan<char> line, int at) =>
        at > 0 && at < line.Length && char.IsLowSurrogate(line[at]) && char.IsHighSurrogate(line[at - 1]);
}
