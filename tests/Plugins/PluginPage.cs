using System.Text.RegularExpressions;

namespace Refinery.Tests.Plugins;

/// <summary>The code on docs/plugins.md: every fence whose first line names a file, and the commands that build them.</summary>
internal static partial class PluginPage
{
    private static readonly string Text = File.ReadAllText(Path.Combine(Paths.Repository, "docs", "plugins.md"));

    private static readonly IReadOnlyList<string> Sentences = [.. TableSentence().Matches(Text).Select(match => Skeleton(match.Groups["sentence"].Value))];

    /// <summary>File name and content, in the page's order.</summary>
    public static IReadOnlyDictionary<string, string> Files { get; } = NamedFence().Matches(Text)
        .ToDictionary(match => match.Groups["file"].Value, match => match.Groups["code"].Value, StringComparer.Ordinal);

    /// <summary>The arguments of each <c>dotnet build</c> on the page.</summary>
    public static IReadOnlyList<string> BuildCommands { get; } = [.. BuildCommand().Matches(Text).Select(match => match.Groups["arguments"].Value)];

    /// <summary>Whether the page's table of faults has this sentence, whatever names and numbers stand in it.</summary>
    public static bool Lists(string sentence) => Sentences.Contains(Skeleton(sentence), StringComparer.Ordinal);

    private static string Skeleton(string sentence) => Particulars().Replace(sentence, "_");

    [GeneratedRegex(@"'[^']*'|\([^)]*\)|\d+(\.\d+)*|found: .*|threw \w+|implements \w+|holds \w+(?=,)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Particulars();

    [GeneratedRegex(@"^```\w+ (?<file>\S+)\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NamedFence();

    [GeneratedRegex(@"^dotnet (?<arguments>build .*)$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BuildCommand();

    [GeneratedRegex(@"^\| [^|]+ \| `(?<sentence>[^`]+\.)` \|$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TableSentence();
}
