using System.Text.RegularExpressions;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>The one line of a failing build's log that says most about why.</summary>
internal static partial class TellingLine
{
    private const int MaxLength = 200;

    /// <summary>What counts as telling, most telling first; the last such line of the log is taken.</summary>
    private static readonly Func<string, bool>[] Kinds =
    [
        line => line.Contains("fatal error:", StringComparison.Ordinal),
        line => line.Contains(": error: ", StringComparison.Ordinal),
        line => PythonError().IsMatch(line),
        line => line.StartsWith("error: ", StringComparison.OrdinalIgnoreCase) && !IsPipsOwn(line),
    ];

    /// <summary>Finds it.</summary>
    /// <returns>Without blanks around it, at most 200 characters; null when no line tells anything.</returns>
    public static string? Of(string log)
    {
        var lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var found = Kinds.Select(kind => Array.FindLast(lines, line => kind(line))).FirstOrDefault(line => line is not null) ?? BeforePipsWords(lines);
        return found is { Length: > MaxLength } ? $"{found.AsSpan(0, TextCut.At(found, MaxLength))} …" : found;
    }

    private static string? BeforePipsWords(string[] lines) =>
        Array.FindIndex(lines, line => line.Contains("subprocess-exited-with-error", StringComparison.Ordinal)) is > 0 and var pip ? lines[pip - 1] : null;

    /// <summary>Pip's own summary of a failure repeats that there was one.</summary>
    private static bool IsPipsOwn(string line) =>
        line.Contains("subprocess-exited-with-error", StringComparison.Ordinal)
        || line.Contains("metadata-generation-failed", StringComparison.Ordinal)
        || line.Contains("Failed building wheel", StringComparison.Ordinal)
        || line.Contains("Failed to build", StringComparison.Ordinal);

    [GeneratedRegex(@"^[A-Za-z_.]*(Error|Exception): .", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex PythonError();
}
