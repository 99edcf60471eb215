using System.Text.RegularExpressions;

namespace Refinery.Hints;

/// <summary>The patterns of one set that lines have asked for. One takes some milliseconds to make and up to 2 MB to keep, so few are kept.</summary>
internal sealed class PatternCache
{
    private const int MaxKept = 24;

    private readonly Dictionary<string, Regex> kept = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <summary>Whether the pattern matches somewhere in the line. A line that takes too long does not match.</summary>
    public bool IsMatch(string pattern, ReadOnlySpan<char> line)
    {
        try
        {
            return Take(pattern).IsMatch(line);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private Regex Take(string pattern)
    {
        lock (gate)
        {
            if (kept.TryGetValue(pattern, out var known))
            {
                return known;
            }
        }

        var made = PatternRules.Compile(pattern);
        lock (gate)
        {
            if (kept.Count >= MaxKept)
            {
                kept.Clear();
            }

            kept[pattern] = made;
        }

        return made;
    }
}
