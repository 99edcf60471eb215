namespace Refinery.Hints;

/// <summary>One search of one log: which hints have matched, and in which line.</summary>
/// <param name="hints">The set's hints by number.</param>
/// <param name="patterns">Runs their patterns.</param>
/// <param name="log">What is searched.</param>
internal sealed class MatchRun(IReadOnlyList<PreparedHint> hints, PatternCache patterns, ReadOnlyMemory<char> log)
{
    private readonly Range?[] found = new Range?[hints.Count];
    private readonly int[] lastTried = [.. Enumerable.Repeat(-1, hints.Count)];

    /// <summary>The hints found, each with the first line that it matched.</summary>
    public IEnumerable<(PreparedHint Hint, ReadOnlyMemory<char> Line)> Found
    {
        get
        {
            for (var number = 0; number < hints.Count; number++)
            {
                if (found[number] is { } line)
                {
                    yield return (hints[number], log[line]);
                }
            }
        }
    }

    /// <summary>Tries a hint on a line; lines may come in any order, and the first in the log wins.</summary>
    public void Try(int number, Range line)
    {
        if (lastTried[number] == line.Start.Value || found[number]?.Start.Value <= line.Start.Value)
        {
            return;
        }

        lastTried[number] = line.Start.Value;
        var hint = hints[number];
        var text = log.Span[line];
        if (hint.Requirement?.IsMet(text, hint.Comparison) != false && patterns.IsMatch(hint.Hint.Pattern, text))
        {
            found[number] = line;
        }
    }
}
