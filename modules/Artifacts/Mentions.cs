namespace Refinery.Artifacts;

/// <summary>Finds digests in any text.</summary>
internal static class Mentions
{
    /// <summary>Takes every digest out of a set that a text has anywhere as 64 hex digits, in either case, alone or within a longer run.</summary>
    /// <param name="digests">A set that ignores case.</param>
    public static void StrikeOut(ReadOnlySpan<char> text, HashSet<string> digests)
    {
        var found = digests.GetAlternateLookup<ReadOnlySpan<char>>();
        var run = 0;
        for (var end = 0; end < text.Length; end++)
        {
            run = char.IsAsciiHexDigit(text[end]) ? run + 1 : 0;
            if (run >= Digest.Length)
            {
                found.Remove(text.Slice(end - Digest.Length + 1, Digest.Length));
            }
        }
    }
}
