using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Hints;

/// <summary>A set of hints made ready to be searched for together in a log.</summary>
/// <remarks>
/// A pattern runs only on lines that hold the texts it requires; one that requires none runs on every line. Safe for all
/// threads; the set never changes.
/// </remarks>
internal sealed class HintMatcher
{
    /// <summary>Only the end of a longer log is searched.</summary>
    public const int MaxLogLength = 5 << 20;

    private const int MaxLineLength = 300;

    /// <summary>A hint of less confidence is a guess, and is told only when nothing better is known.</summary>
    private const double LeastKnown = 0.1;

    /// <summary>A hundred times what a log takes on an idle machine; on a busy one a hint should still be found.</summary>
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(5);

    private readonly TimeProvider clock;
    private readonly PreparedBranch[] branches;
    private readonly PatternCache patterns = new();
    private readonly LineFilter[] filters;
    private readonly int[] unfiltered;

    public HintMatcher(IEnumerable<Hint> hints, TimeProvider clock)
    {
        this.clock = clock;
        branches = [.. hints.SelectMany(hint => new PreparedHint(hint).Branches)];
        unfiltered = [.. Enumerable.Range(0, branches.Length).Where(number => branches[number].Branch.Requirement is null)];
        filters = [.. branches.Index().GroupBy(branch => branch.Item.Comparison).Select(Filter)];
    }

    /// <summary>The hints that match a line of the log, most confident first, each with the first such line.</summary>
    /// <param name="package">The package that failed; null when none.</param>
    /// <remarks>When the time is up, the answer holds what was found until then.</remarks>
    public IReadOnlyList<MatchedHint> Match(string log, string? package)
    {
        var tail = log.AsMemory(LogLines.TailStart(log, MaxLogLength));
        var run = new MatchRun(branches, patterns, tail);
        var start = clock.GetTimestamp();
        Run(tail.Span, run, () => clock.GetElapsedTime(start) < TimeLimit);
        var normalized = package is null ? null : PackageName.Normalize(package);
        var found = run.Found.Where(match => match.Hint.AppliesTo(normalized)).ToList();
        var isExplained = found.Exists(match => !IsGuess(match.Hint.Hint));
        return
        [
            .. found
                .Where(match => !isExplained || !IsGuess(match.Hint.Hint))
                .OrderByDescending(match => match.Hint.Hint.Confidence ?? 0)
                .ThenBy(match => match.Hint.Hint.Id, StringComparer.Ordinal)
                .Select(match => Answer(match.Hint.Hint, match.Line.Span)),
        ];
    }

    /// <summary>A hint that says nothing of its confidence is somebody's own, and no guess.</summary>
    private static bool IsGuess(Hint hint) => hint.Confidence < LeastKnown;

    private static LineFilter Filter(IGrouping<StringComparison, (int Index, PreparedBranch Item)> branches) => new(
        [.. branches.SelectMany(branch => branch.Item.Branch.Requirement is { } requirement ? new[] { (requirement, branch.Index) } : [])],
        branches.Key);

    private static MatchedHint Answer(Hint hint, ReadOnlySpan<char> line) =>
        new(hint.Id, hint.Note, hint.Recipes, line[..TextCut.At(line, MaxLineLength)].ToString());

    private void Run(ReadOnlySpan<char> log, MatchRun run, Func<bool> goesOn)
    {
        foreach (var filter in filters)
        {
            filter.Run(log, run.Try, goesOn);
        }

        for (var at = 0; unfiltered.Length > 0 && at < log.Length && goesOn(); at = LogLines.After(log, at))
        {
            var line = LogLines.Around(log, at);
            Array.ForEach(unfiltered, number => run.Try(number, line));
        }
    }
}
