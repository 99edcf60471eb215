namespace Refinery.Hints;

/// <summary>One search of one log: which hints have matched, and in which line.</summary>
/// <param name="branches">The alternatives of the set's hints, by number.</param>
/// <param name="patterns">Runs their patterns.</param>
/// <param name="log">What is searched.</param>
internal sealed class MatchRun(IReadOnlyList<PreparedBranch> branches, PatternCache patterns, ReadOnlyMemory<char> log)
{
    private readonly Dictionary<PreparedHint, Range> found = [];
    private readonly int[] lastTried = [.. Enumerable.Repeat(-1, branches.Count)];

    /// <summary>The hints found, each with the first line that it matched.</summary>
    public IEnumerable<(PreparedHint Hint, ReadOnlyMemory<char> Line)> Found => found.Select(hint => (hint.Key, log[hint.Value]));

    /// <summary>Tries an alternative on a line; lines may come in any order, and the first in the log wins.</summary>
    public void Try(int number, Range line)
    {
        var start = line.Start.Value;
        var branch = branches[number];
        if (lastTried[number] == start || (found.TryGetValue(branch.Hint, out var before) && before.Start.Value <= start))
        {
            return;
        }

        lastTried[number] = start;
        var text = log.Span[line];
        if (branch.MayMatch(text) && patterns.IsMatch(branch.Branch.Pattern, text))
        {
            found[branch.Hint] = line;
        }
    }
}
