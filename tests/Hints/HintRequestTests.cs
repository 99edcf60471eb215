using Refinery.Hints;

namespace Refinery.Tests.Hints;

/// <summary>What a client may write into a hint.</summary>
public sealed class HintRequestTests
{
    [Theory]
    [InlineData("fatal error: ffi")]
    [InlineData("(?i)error")]
    [InlineData(@"\d+ errors\\n")]
    public void A_good_pattern_is_taken(string pattern) => Assert.Null(Request(pattern).Fault());

    [Theory]
    [InlineData("", "has 0 characters")]
    [InlineData("a*", "matches an empty line")]
    [InlineData("(unclosed", "no regular expression")]
    [InlineData("(?=ahead)x", "needs backtracking")]
    [InlineData(@"(a)\1", "needs backtracking")]
    [InlineData(@"two\nlines", "names a line break")]
    public void A_bad_pattern_is_refused_with_its_reason(string pattern, string reason)
    {
        var fault = Request(pattern).Fault();

        Assert.Contains("'pattern'", fault);
        Assert.Contains(reason, fault);
        Assert.EndsWith(".", fault);
    }

    [Fact]
    public void A_pattern_beyond_its_length_is_refused() => Assert.Contains("2001 characters", Request(new string('a', 2001)).Fault());

    [Theory]
    [InlineData("apt", "libffi-dev")]
    [InlineData("apt", "g++")]
    [InlineData("apt", "libc6:i386")]
    [InlineData("dnf", "libffi-devel")]
    [InlineData("pip", "setuptools-scm")]
    [InlineData("env", "CFLAGS=-Wno-error=int-conversion -O1")]
    [InlineData("env", "EMPTY=")]
    public void A_good_recipe_is_taken(string manager, string entry) => Assert.Null(Request("x", manager, entry).Fault());

    [Theory]
    [InlineData("brew", "libffi", "names 'brew'")]
    [InlineData("apt", "-o=Dpkg", "'recipes.apt' holds '-o=Dpkg'")]
    [InlineData("apt", "a; rm", "'recipes.apt' holds")]
    [InlineData("apt", "", "'recipes.apt' holds ''")]
    [InlineData("apt", "a\n", "'recipes.apt' holds")]
    [InlineData("pip", "../evil", "'recipes.pip' holds")]
    [InlineData("env", "NOTHING", "NAME=value")]
    [InlineData("env", "1A=x", "NAME=value")]
    [InlineData("env", "A=x\ny", "NAME=value")]
    public void A_bad_recipe_is_refused_with_its_place(string manager, string entry, string reason) =>
        Assert.Contains(reason, Request("x", manager, entry).Fault());

    [Fact]
    public void A_list_beyond_its_length_or_with_null_is_refused()
    {
        Assert.Contains("101 entries", Request("x", "apt", [.. Enumerable.Repeat("a", 101)]).Fault());
        Assert.Contains("null", Request("x", "apt", [null!]).Fault());
    }

    [Fact]
    public void Confidence_note_and_packages_have_their_bounds()
    {
        Assert.Contains("'confidence'", (Request("x") with { Confidence = 1.5 }).Fault());
        Assert.Contains("'note'", (Request("x") with { Note = new string('n', 2001) }).Fault());
        Assert.Contains("'applies_to'", (Request("x") with { AppliesTo = ["../x"] }).Fault());
        Assert.Null((Request("x") with { AppliesTo = ["Foo_Bar.baz"], Confidence = 1, Note = "n" }).Fault());
    }

    private static HintRequest Request(string pattern, string? manager = null, params string[] entries)
    {
        var recipes = new Dictionary<string, IReadOnlyList<string>>();
        if (manager is not null)
        {
            recipes.Add(manager, entries);
        }

        return new HintRequest(pattern, recipes);
    }
}
