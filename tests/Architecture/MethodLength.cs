using System.Text.RegularExpressions;

namespace Refinery.Tests.Architecture;

/// <summary>Measures methods by their indentation, which the formatter keeps: a body ends where its brace's column comes again.</summary>
internal static partial class MethodLength
{
    private const int Longest = 60;

    public static IEnumerable<string> TooLong(SourceFile file)
    {
        var lines = file.Lines;
        for (var open = 1; open < lines.Length; open++)
        {
            if (lines[open].Trim() != "{" || !IsMember(lines, open))
            {
                continue;
            }

            var indent = lines[open][..lines[open].IndexOf('{')];
            var close = Array.FindIndex(lines, open + 1, line => line.StartsWith(indent + "}", StringComparison.Ordinal));
            if (close - open - 1 > Longest)
            {
                yield return $"{file.Name}:{open} has a body of {close - open - 1} lines";
            }
        }
    }

    /// <summary>A brace one step inside a type opens a member's body unless a type is declared before it.</summary>
    private static bool IsMember(string[] lines, int open)
    {
        var start = open - 1;
        var indent = lines[open].Length - lines[open].TrimStart().Length;
        while (start > 0 && lines[start].Length - lines[start].TrimStart().Length > indent)
        {
            start--;
        }

        return indent >= 4 && lines[start].Contains('(', StringComparison.Ordinal) && !TypeWord().IsMatch(lines[start]);
    }

    [GeneratedRegex(@"\b(class|record|struct|interface|enum|extension)\b")]
    private static partial Regex TypeWord();
}
