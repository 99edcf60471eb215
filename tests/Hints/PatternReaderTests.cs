using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Refinery.Hints;

namespace Refinery.Tests.Hints;

/// <summary>What a pattern requires is read soundly: no line that matches lacks it.</summary>
public sealed class PatternReaderTests
{
    [Theory]
    [InlineData("fatal error: ffi", "a fatal error: ffi", true)]
    [InlineData("fatal error: ffi", "a fatal error: fli", false)]
    [InlineData(@"ffi\.h", "ffi.h", true)]
    [InlineData("colou?red", "colred", false)]
    [InlineData("(one|two) apples", "two apples", true)]
    [InlineData("(one|two) apples", "three apples", false)]
    [InlineData("wor{2,3}king", "worrking", true)]
    [InlineData("brace{x}", "brace{x}", true)]
    [InlineData("brace{x}", "brace", false)]
    public void A_line_meets_what_the_pattern_requires(string pattern, string line, bool isMet) =>
        Assert.Equal(isMet, PatternReader.Read(pattern, out _).Any(branch => branch.Requirement!.IsMet(line, StringComparison.Ordinal)));

    [Theory]
    [InlineData(".*")]
    [InlineData("[a-z]+")]
    [InlineData("(abc)*")]
    [InlineData(@"\u0041bcd")]
    [InlineData("(?n)abcdef")]
    [InlineData("x{0,3}")]
    [InlineData("abcd[a-[b]]")]
    public void Of_an_unusual_pattern_nothing_is_known(string pattern) =>
        Assert.Equal([new PatternBranch(pattern, Requirement: null)], PatternReader.Read(pattern, out _));

    [Fact]
    public void The_alternatives_of_a_pattern_are_patterns_themselves() =>
        Assert.Equal(["abc", @"(d|e)f\|g", "[|]h", ""], PatternReader.Read(@"abc|(d|e)f\|g|[|]h|", out _).Select(branch => branch.Pattern));

    [Theory]
    [InlineData("(?i)FATAL", "a fatal one")]
    [InlineData("FATAL(?i:x)", "a FATALX")]
    public void A_pattern_that_ignores_case_says_so(string pattern, string line)
    {
        var branch = Assert.Single(PatternReader.Read(pattern, out var ignoresCase));

        Assert.True(ignoresCase);
        Assert.True(branch.Requirement?.IsMet(line, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Alternatives_with_their_requirements_match_what_the_pattern_matches()
    {
        var atom = Gen.Elements("abc", "bca", "ab", "k", "K", "i", ".", @"\.", "[abc]", "[^a]", @"\w", "^", "$", @"\b");
        var count = Gen.Elements("", "", "", "?", "*", "+", "{2}", "{0,1}");
        var repeated = from one in atom from times in count select one is "^" or "$" or @"\b" ? one : $"(?:{one}){times}";
        var sequence = from parts in Gen.ListOf(repeated, 4) select string.Concat(parts);
        var pattern =
            from left in sequence
            from right in sequence
            from option in Gen.Elements("", "(?i)")
            select $"{option}x?({left}|{right})abc|{left}bcabca";
        var line =
            from parts in Gen.ListOf(Gen.Elements("a", "b", "c", "abc", "ABC", "bca", "x", "k", "\u212A", "\u0130", "i", "."), 9)
            select string.Concat(parts);

        Prop.ForAll(pattern.ToArbitrary(), line.ToArbitrary(), (written, read) =>
        {
            var branches = PatternReader.Read(written, out var ignoresCase);
            var comparison = ignoresCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
            var isMatch = branches.Any(branch => branch.Requirement?.IsMet(read, comparison) != false && Matches(branch.Pattern, read));
            return isMatch == Matches(written, read);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    private static bool Matches(string pattern, string line) =>
        Regex.IsMatch(line, pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10));
}
