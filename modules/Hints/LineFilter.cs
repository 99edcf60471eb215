using System.Buffers;

namespace Refinery.Hints;

/// <summary>Finds the few lines of a log that patterns may match, and which patterns.</summary>
/// <remarks>
/// Two sieves. The coarse one is a handful of short texts that many patterns share (<c>No such</c>); most lines end here.
/// The fine one looks in the lines left for each pattern's own texts (<c>ffi.h</c>).
/// </remarks>
internal sealed class LineFilter
{
    private readonly SearchValues<string>[] gates;
    private readonly TextScan needles;

    /// <param name="patterns">What patterns require, each with the number it is visited by.</param>
    /// <param name="comparison">The comparison of all of them.</param>
    public LineFilter(IReadOnlyList<(Requirement Requirement, int Number)> patterns, StringComparison comparison)
    {
        var shared = patterns
            .SelectMany(pattern => pattern.Requirement.Texts.Distinct(StringComparer.Ordinal))
            .CountBy(text => text, StringComparer.Ordinal)
            .ToDictionary(StringComparer.Ordinal);

        // For the coarse sieve a text that many share is good; for the fine one it tells nothing.
        gates = CoarseSieve.Of(
            patterns.SelectMany(pattern => pattern.Requirement.Choose(text => CoarseSieve.Cost(text) + (1.0 / shared[text]))), comparison);
        needles = new TextScan(
            patterns.SelectMany(pattern => pattern.Requirement.Choose(text => shared[text] + (8.0 / text.Length)).Select(text => (text, pattern.Number))),
            comparison);
    }

    /// <summary>Visits patterns with lines that they may match.</summary>
    /// <param name="visit">Takes a pattern's number and a line of the log.</param>
    /// <param name="goesOn">Asked before every line; false ends the search.</param>
    public void Run(ReadOnlySpan<char> log, Action<int, Range> visit, Func<bool> goesOn)
    {
        foreach (var gate in gates)
        {
            for (var at = 0; Next(log, at, gate) is var place and >= 0 && goesOn(); at = LogLines.After(log, place))
            {
                var line = LogLines.Around(log, place);
                needles.Run(log[line], number => visit(number, line));
            }
        }
    }

    private static int Next(ReadOnlySpan<char> log, int at, SearchValues<string> gate) =>
        log[at..].IndexOfAny(gate) is var step and >= 0 ? at + step : -1;
}
