using Refinery.Logs;

namespace Refinery.Tests.Logs;

/// <summary>Long lines are cut around the match.</summary>
public sealed class LineMatchTests
{
    [Theory]
    [InlineData(10, 0, 3)]
    [InlineData(300, 290, 10)]
    [InlineData(301, 0, 5)]
    [InlineData(5000, 2500, 20)]
    [InlineData(5000, 4990, 10)]
    [InlineData(5000, 100, 4000)]
    public void The_match_is_where_it_is_said_to_be(int lineLength, int start, int length)
    {
        var line = string.Concat(Enumerable.Range(0, lineLength).Select(at => (char)('a' + (at % 26))));

        var cut = LineMatch.Cut(line, start, length);

        var shown = Math.Min(length, cut.Length);
        Assert.True(cut.Snippet.Length <= LineMatch.MaxSnippet);
        Assert.Equal(line[start..(start + shown)], cut.Snippet[cut.Start..(cut.Start + cut.Length)]);
        Assert.True(cut.Length == length || cut.Start + cut.Length == cut.Snippet.Length);
    }

    [Fact]
    public void No_character_is_cut_in_two()
    {
        for (var shift = 0; shift < 4; shift++)
        {
            var line = new string('x', shift) + string.Concat(Enumerable.Repeat("🛠", 1000));

            var cut = LineMatch.Cut(line, 1000 + shift, 2);

            Assert.DoesNotContain('\uFFFD', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(cut.Snippet)));
            Assert.Equal("🛠", cut.Snippet.Substring(cut.Start, cut.Length));
        }
    }
}
