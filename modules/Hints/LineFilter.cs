using System.Buffers;

namespace Refinery.Hints;

/// <summary>Finds the few lines of a log that hints may match, and which hints.</summary>
/// <remarks>
/// Two sieves. The coarse one is a handful of short texts that many patterns share (<c>No such</c>); most lines end here.
/// The fine one looks in the lines left for each pattern's own texts (<c>ffi.h</c>).
/// </remarks>
internal sealed class LineFilter
{
    private readonly SearchValues<string>[] gates;
    private readonly TextScan needles;

    /// <param name="hints">Hints with a requirement, each with the number it is visited by.</param>
    /// <param name="comparison">The comparison of all of them.</param>
    public LineFilter(IReadOnlyList<(Requirement Requirement, int Number)> hints, StringComparison comparison)
    {
        var shared = hints
            .SelectMany(hint => hint.Requirement.Texts.Distinct(StringComparer.Ordinal))
            .CountBy(text => text, StringComparer.Ordinal)
            .ToDictionary(StringComparer.Ordinal);

        // For the coarse sieve a text that many share is good; for the fine one it tells nothing.
        gates = CoarseSieve.Of(
            hints.SelectMany(hint => hint.Requirement.Choose(text => CoarseSieve.Cost(text) + (1.0 / shared[text]))), comparison);
        needles = new TextScan(
            hints.SelectMany(hint => hint.Requirement.Choose(text => shared[text] + (8.0 / text.Length)).Select(text => (text, hint.Number))),
            comparison);
    }

    /// <summary>Visits hints with lines that they may match.</summary>
    /// <param name="visit">Takes a hint's number and a line of the log.</param>
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
