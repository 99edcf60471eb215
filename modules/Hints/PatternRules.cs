using System.Text.RegularExpressions;

namespace Refinery.Hints;

/// <summary>Which patterns a hint may have: those whose search takes time in proportion to the line, in single lines.</summary>
internal static class PatternRules
{
    /// <summary>Longer patterns are refused.</summary>
    public const int MaxLength = 2_000;

    private static readonly TimeSpan LineLimit = TimeSpan.FromSeconds(1);

    /// <summary>The pattern as the engine runs it.</summary>
    public static Regex Compile(string pattern) =>
        new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, LineLimit);

    /// <summary>Why a pattern cannot be used, in one sentence; null when it can.</summary>
    public static string? Fault(string pattern)
    {
        if (pattern.Length is 0 or > MaxLength)
        {
            return $"The field 'pattern' has {pattern.Length} characters; 1 to {MaxLength} are expected.";
        }

        try
        {
            return Compile(pattern).IsMatch(string.Empty)
                ? $"The field 'pattern' is {Quote(pattern)}, which matches an empty line and so every log; a pattern that needs at least one character is expected."
                : LineBreakFault(pattern);
        }
        catch (RegexParseException fault)
        {
            return $"The field 'pattern' is {Quote(pattern)}, which is no regular expression ({Words(fault.Error)} at character {fault.Offset}).";
        }
        catch (NotSupportedException)
        {
            return $"The field 'pattern' is {Quote(pattern)}, which needs backtracking (look-around, a back reference, an atomic group or a very large repetition); a pattern without these is expected.";
        }
    }

    private static string? LineBreakFault(string pattern) =>
        pattern.AsSpan().ContainsAny('\n', '\r') || NamesLineBreak(pattern)
            ? $"The field 'pattern' is {Quote(pattern)}, which names a line break; patterns are searched in single lines."
            : null;

    private static bool NamesLineBreak(string pattern)
    {
        for (var index = 0; index + 1 < pattern.Length; index++)
        {
            if (pattern[index] != '\\')
            {
                continue;
            }

            index++;
            if (pattern[index] is 'n' or 'r')
            {
                return true;
            }
        }

        return false;
    }

    private static string Quote(string pattern) => Kernel.Web.Errors.Quote(pattern);

    private static string Words(RegexParseError error) =>
        System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(error.ToString()).Replace('_', ' ');
}
