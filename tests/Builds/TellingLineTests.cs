using Refinery.Builds;

namespace Refinery.Tests.Builds;

/// <summary>One line of a log says why.</summary>
public sealed class TellingLineTests
{
    private const string Pip = "error: subprocess-exited-with-error\n× Building wheel did not run successfully.\nnote: This error originates from a subprocess.\nERROR: Failed building wheel for x\n";

    [Theory]
    [InlineData("gcc -c a.c\na.c:1:10: fatal error: zz.h: No such file or directory\ncompilation terminated.\nerror: command 'gcc' failed with exit code 1\n", "a.c:1:10: fatal error: zz.h: No such file or directory")]
    [InlineData("a.c:3:1: error: unknown type name 'foo'\nerror: command 'gcc' failed\n", "a.c:3:1: error: unknown type name 'foo'")]
    [InlineData("Traceback (most recent call last):\n  File \"setup.py\"\nModuleNotFoundError: No module named 'numpy'\n", "ModuleNotFoundError: No module named 'numpy'")]
    [InlineData("running build\nerror: no such target\n", "error: no such target")]
    [InlineData("running build\nthe tool gave up\n", "the tool gave up")]
    public void The_most_telling_line_wins_over_pips_own_words(string log, string line) => Assert.Equal(line, TellingLine.Of(log + Pip));

    [Fact]
    public void A_log_that_tells_nothing_has_none() => Assert.Null(TellingLine.Of("building\ndone\n"));

    [Fact]
    public void A_long_line_is_cut() => Assert.Equal("fatal error: " + new string('x', 187) + " …", TellingLine.Of("fatal error: " + new string('x', 900)));
}
