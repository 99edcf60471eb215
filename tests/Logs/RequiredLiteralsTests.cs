using System.Text.RegularExpressions;
using Refinery.Logs;

namespace Refinery.Tests.Logs;

/// <summary>What is read out of an expression is in every text the expression matches.</summary>
public sealed class RequiredLiteralsTests
{
    [Theory]
    [InlineData("fatal error", "fatal error")]
    [InlineData(@"fatal error: .*\.h: No such file", ".h: No such file & fatal error: ")]
    [InlineData(@"(error|warning): x", "error,warning & : x")]
    [InlineData(@"(?:gcc|clang\+\+) failed", " failed & gcc,clang++")]
    [InlineData(@"(?<what>missing header) here", "missing header &  here")]
    [InlineData(@"ab+cdef", "cdef & ab")]
    [InlineData(@"abc?", "ab")]
    [InlineData(@"abc{0,3}", "ab")]
    [InlineData(@"(abc(def|ghij)x|kl)m", "abc,kl & m")]
    [InlineData(@"(abc(def|ghij)x)+m", "abc & def,ghij & x & m")]
    [InlineData(@"abc{2,3}d", "abc & d")]
    [InlineData(@"abc*?de[x-z\]]+fgh", "fgh & ab & de")]
    [InlineData(@"a\.b\(c\)\t", "a.b(c)\t")]
    [InlineData(@"(abc)?", "")]
    [InlineData(@"(abc|)", "")]
    [InlineData(@"(abc|d*)", "")]
    [InlineData(@"(?i)abc", "")]
    [InlineData(@"(?#comment)abc", "")]
    [InlineData(@"\x41bc", "")]
    [InlineData(@"\p{L}bc", "")]
    [InlineData(@".*", "")]
    [InlineData(@"[a-z-[aeiou]]bcd", "")]
    [InlineData(@"a{x}bc", "a{x}bc")]
    [InlineData(@"one|two|three", "one,two,three")]
    [InlineData(@"🛠tool", "tool")]
    public void Known_expressions_require_this(string pattern, string expected) =>
        Assert.Equal(expected, string.Join(" & ", RequiredLiterals.Of(pattern).Select(texts => string.Join(',', texts))));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_an_expression_matches_holds_one_of_its_literals(int seed)
    {
        var random = new Random(seed);
        var matches = 0;
        for (var round = 0; round < 4000; round++)
        {
            var pattern = Pattern(random, depth: 3);
            var required = RequiredLiterals.Of(pattern);
            var regex = new Regex(pattern, RegexOptions.NonBacktracking);
            for (var line = 0; line < 8; line++)
            {
                var text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => "abc."[random.Next(4)]));
                if (required.Count > 0 && regex.IsMatch(text))
                {
                    matches++;
                    Assert.True(required.All(texts => texts.Any(literal => text.Contains(literal, StringComparison.Ordinal))), $"{pattern} on {text}");
                }
            }
        }

        Assert.True(matches > 500);
    }

    private static string Pattern(Random random, int depth)
    {
        var parts = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Atom(random, depth) + Quantifier(random));
        var sequence = string.Concat(parts);
        return random.Next(4) == 0 && depth > 0 ? $"{sequence}|{Pattern(random, depth - 1)}" : sequence;
    }

    private static string Atom(Random random, int depth) => random.Next(depth > 0 ? 9 : 7) switch
    {
        0 => "a",
        1 => "b",
        2 => "ab",
        3 => @"\.",
        4 => ".",
        5 => "[ab]",
        6 => @"[^\]a]",
        7 => $"({Pattern(random, depth - 1)})",
        _ => $"(?:{Pattern(random, depth - 1)})",
    };

    private static string Quantifier(Random random) => random.Next(10) switch
    {
        0 => "*",
        1 => "+",
        2 => "?",
        3 => "{2}",
        4 => "{0,2}",
        5 => "{1,}?",
        _ => string.Empty,
    };
}
