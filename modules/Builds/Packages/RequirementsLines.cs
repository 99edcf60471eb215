using System.Text.RegularExpressions;

namespace Refinery.Builds.Packages;

/// <summary>The logical lines of a requirements file: continuations joined, comments and empty lines gone.</summary>
internal static partial class RequirementsLines
{
    public static IEnumerable<(int Number, string Text)> Of(IEnumerable<string> lines)
    {
        var (number, first, joined) = (0, 0, "");
        foreach (var line in lines)
        {
            number++;
            first = joined.Length == 0 ? number : first;
            var isComment = line.TrimStart().StartsWith('#');
            if (!isComment && line.EndsWith('\\'))
            {
                joined += line[..^1] + " ";
                continue;
            }

            // A comment ends the line it continues, so it must not grow onto the text before it.
            var text = WithoutComment(joined + (isComment ? " " : "") + line);
            joined = "";
            if (text.Length > 0)
            {
                yield return (first, text);
            }
        }

        if (WithoutComment(joined) is { Length: > 0 } last)
        {
            yield return (first, last);
        }
    }

    private static string WithoutComment(string line) => Comment().Replace(line, "").Trim();

    [GeneratedRegex(@"(^|\s)#.*\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking | RegexOptions.Singleline)]
    private static partial Regex Comment();
}
