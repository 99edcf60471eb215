using System.Buffers;

namespace Refinery.Hints;

/// <summary>The lines of a log, found from a place within them. A very long line counts as several that overlap.</summary>
internal static class LogLines
{
    /// <summary>A pattern sees at least so many characters on either side of a place.</summary>
    private const int Reach = 4_096;

    private static readonly SearchValues<char> Breaks = SearchValues.Create("\n\r");

    /// <summary>Where the last lines of a log begin, at most so many characters from its end; a line cut in two is left out.</summary>
    public static int TailStart(ReadOnlySpan<char> log, int max) =>
        log.Length <= max ? 0 : log.Length - max + log[^max..].IndexOfAny(Breaks) + 1;

    /// <summary>The line around a place, without its line break.</summary>
    public static Range Around(ReadOnlySpan<char> log, int place)
    {
        // Steps of Reach, so that the many places of one long line share few windows.
        var least = Math.Max(0, ((place / Reach) - 1) * Reach);
        var most = Math.Min(log.Length, ((place / Reach) + 2) * Reach);
        var start = least + log[least..place].LastIndexOfAny(Breaks) + 1;
        var length = log[place..most].IndexOfAny(Breaks);
        return start..(length < 0 ? most : place + length);
    }

    /// <summary>Where to go on after the line around a place; at most the log's length.</summary>
    public static int After(ReadOnlySpan<char> log, int place)
    {
        var step = Math.Min(((place / Reach) + 1) * Reach, log.Length);
        var length = log[place..step].IndexOfAny(Breaks);
        return length < 0 ? step : place + length + 1;
    }
}
