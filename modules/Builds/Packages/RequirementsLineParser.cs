using System.Text.RegularExpressions;
using Refinery.Kernel.Web;

namespace Refinery.Builds.Packages;

/// <summary>Reads a line that requires a package: the requirement, then its hashes.</summary>
internal static partial class RequirementsLineParser
{
    public static RequirementLine Read(RequirementsPlace place)
    {
        var options = OptionStart().Match(place.Text);
        var text = options.Success ? place.Text[..options.Index] : place.Text;
        try
        {
            return new(place.File, place.Line, Requirement.Parse(Checked(text, place)), ReadHashes(place.Text[text.Length..], place));
        }
        catch (FormatException fault)
        {
            throw place.Fault(fault.Message.TrimEnd('.'));
        }
    }

    private static string Checked(string text, RequirementsPlace place)
    {
        var isPath = text.StartsWith('.') || text.StartsWith('/') || text.EndsWith(".tar.gz", StringComparison.Ordinal)
            || text.EndsWith(".whl", StringComparison.Ordinal) || text.EndsWith(".zip", StringComparison.Ordinal);
        return isPath || (text.Contains("://", StringComparison.Ordinal) && !text.Contains('@'))
            ? throw place.Fault($"{Errors.Quote(text.Trim())} is a path or a URL; a package such as markupsafe==2.1.5 is expected, with its folder in --find-links")
            : text;
    }

    private static List<string> ReadHashes(string text, RequirementsPlace place)
    {
        List<string> hashes = [];
        var words = new Queue<string>(OptionWords.Split(text, place));
        while (words.TryDequeue(out var word))
        {
            var (name, value) = OptionWords.Read(word, words, place);
            hashes.Add(name == "--hash" && Sha256().Match(value) is { Success: true } match
                ? match.Groups["digest"].Value.ToLowerInvariant()
                : throw place.Fault($"{Errors.Quote($"{name}={value}")} cannot be used behind a requirement; --hash=sha256:<64 hexadecimal digits> is expected"));
        }

        return hashes;
    }

    [GeneratedRegex(@"\s--?[A-Za-z]", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex OptionStart();

    [GeneratedRegex(@"^sha256:(?<digest>[0-9A-Fa-f]{64})\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Sha256();
}
