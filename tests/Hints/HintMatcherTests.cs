using System.Text;
using Refinery.Hints;
using Refinery.Kernel.Work;

namespace Refinery.Tests.Hints;

/// <summary>Many hints are found together in one log, as each alone would be.</summary>
public sealed class HintMatcherTests
{
    [Fact]
    public void The_first_line_that_matches_is_told()
    {
        var found = Match("one ffi.h\ntwo ffi.h\r\nthree", Hint("h", @"ffi\.h"));

        Assert.Equal("one ffi.h", Assert.Single(found).Line);
    }

    [Fact]
    public void A_hint_with_two_ways_to_match_tells_the_first_line_whatever_is_found_first()
    {
        var others = Enumerable.Range(0, 60).Select(number => Hint($"o{number}", $"zebra{number:D3}|yonder{number:D3}"));
        var log = string.Join('\n', Enumerable.Range(0, 60).SelectMany(number => new[] { $"a yonder{number:D3} a", $"b zebra{number:D3} b" }));

        var found = Match(log, [.. others]);

        Assert.Equal(60, found.Count);
        Assert.All(found, match => Assert.StartsWith("a yonder", match.Line));
    }

    [Theory]
    [InlineData("a\rERROR: x\rb")]
    [InlineData("ERROR: x")]
    [InlineData("a\r\nERROR: x\r\n")]
    public void Every_kind_of_line_break_ends_a_line(string log) =>
        Assert.Equal("ERROR: x", Assert.Single(Match(log, Hint("h", "^ERROR: .$"))).Line);

    [Fact]
    public void A_pattern_that_requires_no_text_still_matches() =>
        Assert.Equal("b 42", Assert.Single(Match("a\n\nb 42\n", Hint("h", "[0-9]{2}$"))).Line);

    [Fact]
    public void Letters_match_in_either_case_when_the_pattern_says_so() =>
        Assert.Equal(["a", "b"], Match("Fatal Error", Hint("a", "(?i)fatal error"), Hint("b", "Fatal Error"), Hint("c", "fatal error")).Select(match => match.Id));

    [Fact]
    public void The_most_confident_hint_comes_first() =>
        Assert.Equal(["c", "a", "b"], Match("boom", Hint("b", "boom"), Hint("a", "boo") with { Confidence = 0.2 }, Hint("c", "oom") with { Confidence = 0.9 }).Select(match => match.Id));

    [Fact]
    public void A_guess_is_told_only_when_nothing_better_is_known()
    {
        var guess = Hint("guess", "boo") with { Confidence = 0.05 };

        Assert.Equal(["known"], Match("boom", guess, Hint("known", "boom") with { Confidence = 0.9 }).Select(match => match.Id));
        Assert.Equal(["own"], Match("boom", guess, Hint("own", "boom")).Select(match => match.Id));
        Assert.Equal(["guess"], Match("boo", guess, Hint("known", "boom") with { Confidence = 0.9 }).Select(match => match.Id));
    }

    [Theory]
    [InlineData("Foo_Bar", 2)]
    [InlineData("other", 1)]
    [InlineData(null, 1)]
    public void A_hint_for_some_packages_is_told_for_those_only(string? package, int count)
    {
        var matcher = new HintMatcher([Hint("a", "boom") with { AppliesTo = ["foo.bar"] }, Hint("b", "boom")], TimeProvider.System);

        Assert.Equal(count, matcher.Match("boom", package).Count);
    }

    [Fact]
    public void Only_the_end_of_a_long_log_is_searched_and_no_line_is_cut()
    {
        var log = "early boom\n" + new string('x', HintMatcher.MaxLogLength - 10) + "\nlate boom";

        Assert.Equal("late boom", Assert.Single(Match(log, Hint("h", "boom"))).Line);
    }

    [Theory]
    [InlineData(4_090)]
    [InlineData(8_190)]
    [InlineData(12_288)]
    [InlineData(20_000)]
    public void A_match_is_found_anywhere_in_a_very_long_line(int place)
    {
        var line = new StringBuilder(new string('x', 30_000)).Insert(place, "begin" + new string('-', 3_000) + "end").ToString();

        var match = Assert.Single(Match(line, Hint("h", "begin-+end")));

        Assert.Equal(300, match.Line.Length);
    }

    [Fact]
    public void Many_places_in_one_long_line_do_not_hide_the_match_among_them()
    {
        var line = string.Concat(Enumerable.Repeat("begin--", 2_000)) + "begin++end" + string.Concat(Enumerable.Repeat("begin--", 2_000));

        Assert.Single(Match(line, Hint("h", @"begin\+\+end")));
    }

    [Fact]
    public void A_line_is_not_cut_within_a_character() =>
        Assert.Equal(299, Assert.Single(Match(new string('x', 299) + "\U0001F600 boom", Hint("h", "boom"))).Line.Length);

    [Fact]
    public void The_whole_catalogue_finds_together_what_each_hint_finds_alone()
    {
        var seeds = SeedCatalogue.Read();
        var together = new HintMatcher(seeds.Select(seed => seed.ToHint()), TimeProvider.System);
        var log = string.Join('\n', seeds.Take(8).Select(seed => $"{seed.NearMiss}\n{seed.Example}"));

        var alone = seeds.Take(8).Where(seed => new HintMatcher([seed.ToHint()], TimeProvider.System).Match(log, package: null).Count > 0).Select(seed => seed.Id);

        Assert.Superset(alone.Order().ToHashSet(), together.Match(log, package: null).Select(match => match.Id).ToHashSet());
    }

    private static IReadOnlyList<MatchedHint> Match(string log, params Hint[] hints) =>
        new HintMatcher(hints, TimeProvider.System).Match(log, package: null);

    private static Hint Hint(string id, string pattern) => new()
    {
        Id = id,
        Pattern = pattern,
        Recipes = new Dictionary<string, IReadOnlyList<string>>(),
        Note = string.Empty,
        Origin = HintOrigin.User,
    };
}
