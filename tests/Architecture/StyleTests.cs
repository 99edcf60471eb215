using System.Text.RegularExpressions;

namespace Refinery.Tests.Architecture;

/// <summary>What CONTRIBUTING.md asks of a file and no analyzer checks.</summary>
public sealed partial class StyleTests
{
    private const int LongestFile = 300;

    [Fact]
    public void A_file_has_at_most_300_lines() =>
        SourceTree.AssertNone(SourceTree.All
            .Where(file => file.Lines.Length - 1 > LongestFile)
            .Select(file => $"{file.Name} has {file.Lines.Length - 1} lines"));

    [Fact]
    public void No_name_ends_in_a_word_that_says_nothing() =>
        SourceTree.AssertNone(
            from file in SourceTree.All
            from Match type in TypeName().Matches(file.Text)
            where EmptySuffix().IsMatch(type.Groups["name"].Value)
            select $"{file.Name} names {type.Groups["name"].Value}");

    [Fact]
    public void Nothing_is_hidden_by_a_pragma_or_a_region() =>
        SourceTree.AssertNone(SourceTree.All
            .Where(file => Directive().IsMatch(file.Text))
            .Select(file => $"{file.Name} has a pragma or a region"));

    [Fact]
    public void No_field_begins_with_an_underscore() =>
        SourceTree.AssertNone(
            from file in SourceTree.All
            from Match field in UnderscoreField().Matches(file.Text)
            select $"{file.Name} names {field.Groups["name"].Value}");

    [Fact]
    public void Every_type_has_a_sentence() =>
        SourceTree.AssertNone(SourceTree.All.SelectMany(Undocumented));

    private static IEnumerable<string> Undocumented(SourceFile file)
    {
        var lines = file.Lines;
        for (var index = 0; index < lines.Length; index++)
        {
            if (TypeName().Match(lines[index]) is { Success: true } type && !IsFurtherPart(file, lines[index]) && !HasSentence(lines, index))
            {
                yield return $"{file.Name}:{index + 1} {type.Groups["name"].Value} has no sentence";
            }
        }
    }

    /// <summary>X.Part.cs adds to the class that X.cs describes.</summary>
    private static bool IsFurtherPart(SourceFile file, string declaration) =>
        declaration.Contains("partial class", StringComparison.Ordinal) && Path.GetFileNameWithoutExtension(file.Name).Contains('.', StringComparison.Ordinal);

    private static bool HasSentence(string[] lines, int declaration)
    {
        var index = declaration - 1;
        while (index >= 0 && lines[index].TrimStart().StartsWith('['))
        {
            index--;
        }

        return index >= 0 && lines[index].TrimStart().StartsWith("///", StringComparison.Ordinal);
    }

    [GeneratedRegex(
        @"^[ ]*((public|internal|private|file|protected|sealed|static|abstract|readonly|partial|ref)\s+)+(class|interface|enum|struct|record(\s+(class|struct))?)\s+(?<name>\w+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex TypeName();

    [GeneratedRegex(@"^ +private [^(=]*\s(?<name>_\w+)( =|;)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex UnderscoreField();

    [GeneratedRegex("(Manager|Helper|Service|Util|Utils|Base|Impl|Dto|Repository|Factory)$", RegexOptions.ExplicitCapture)]
    private static partial Regex EmptySuffix();

    [GeneratedRegex(@"^\s*#(pragma|region)\b", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Directive();
}
