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
        Assert.Equal(isMet, PatternReader.Read(pattern, out _)?.IsMet(line, StringComparison.Ordinal));

    [Theory]
    [InlineData("a|")]
    [InlineData(".*")]
    [InlineData("[a-z]+")]
    [InlineData("(abc)*")]
    [InlineData(@"\u0041bcd")]
    [InlineData("(?n)abcdef")]
    [InlineData("x{0,3}")]
    [InlineData("abcd[a-[b]]")]
    public void Of_an_unusual_pattern_nothing_is_known(string pattern) => Assert.Null(PatternReader.Read(pattern, out _));

    [Theory]
    [InlineData("(?i)FATAL", "a fatal one")]
    [InlineData("FATAL(?i:x)", "a FATALX")]
    public void A_pattern_that_ignores_case_says_so(string pattern, string line)
    {
        var requirement = PatternReader.Read(pattern, out var ignoresCase);

        Assert.True(ignoresCase);
        Assert.True(requirement?.IsMet(line, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void A_line_that_matches_always_meets_the_requirement()
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
            var regex = new Regex(written, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            var requirement = PatternReader.Read(written, out var ignoresCase);
            return !regex.IsMatch(read)
                || requirement?.IsMet(read, ignoresCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal) != false;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }
}
