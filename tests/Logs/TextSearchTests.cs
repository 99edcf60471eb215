using System.Text.RegularExpressions;
using Refinery.Logs;

namespace Refinery.Tests.Logs;

/// <summary>The search finds what a plain look at every line finds, no more and no less.</summary>
public sealed class TextSearchTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Literals_are_found_where_a_plain_look_finds_them(int seed)
    {
        var random = new Random(seed);
        using var fixture = new ArchiveFixture(segmentSize: 300_000);
        var texts = await FillAsync(fixture, random);

        for (var round = 0; round < 200; round++)
        {
            var literal = RandomTexts.Literal(random, texts[random.Next(texts.Count)].Text);

            var found = fixture.Search(new LiteralPattern(literal));

            Assert.Equal(Expected(texts, line => line.IndexOf(literal, StringComparison.Ordinal)), Seen(found));
        }
    }

    [Theory]
    [InlineData(@"ab+c", 1)]
    [InlineData(@"(ab/|cd\.)a", 2)]
    [InlineData(@"^a.*b$", 3)]
    [InlineData(@"d(✓|é){2}", 4)]
    [InlineData(@"[abc]{3}/d\b", 5)]
    [InlineData(@"(?i)ABCD", 6)]
    [InlineData(@"abc(dd)?a", 7)]
    [InlineData(@"\Aaa|bbb\z", 8)]
    [InlineData(@"nowhere at all", 9)]
    public async Task Expressions_are_found_where_a_plain_look_finds_them(string pattern, int seed)
    {
        var random = new Random(seed);
        using var fixture = new ArchiveFixture(segmentSize: 300_000);
        var texts = await FillAsync(fixture, random);

        var found = fixture.Search(ArchiveFixture.Regex(pattern));

        Assert.Equal(Expected(texts, line => Regex.Match(line, pattern, RegexOptions.NonBacktracking) is { Success: true } match ? match.Index : -1), Seen(found));
    }

    [Fact]
    public async Task A_literal_across_the_border_of_two_blocks_is_found_at_every_offset()
    {
        using var fixture = new ArchiveFixture();
        var literal = "undefined reference to `needle_crossing_a_border'";
        var line = new string('x', 79) + "\n";
        var filler = string.Concat(Enumerable.Repeat(line, (BlockSignatures.BlockSize / 80) - 2));
        for (var shift = 0; shift < literal.Length + 4; shift++)
        {
            using var one = new ArchiveFixture();
            var start = BlockSignatures.BlockSize - SegmentFrame.Size - literal.Length - 2 + shift;
            await one.AddAsync(filler.PadRight(start, 'y') + literal + "z\n");

            var found = one.Search(new LiteralPattern(literal));

            Assert.Single(found);
        }
    }

    [Fact]
    public async Task A_literal_longer_than_the_overlap_is_found()
    {
        using var fixture = new ArchiveFixture();
        var literal = RandomTexts.Text(new Random(5), 900, lineLength: int.MaxValue);
        await fixture.AddAsync(new string('-', BlockSignatures.BlockSize - 300) + literal);

        Assert.Single(fixture.Search(new LiteralPattern(literal)));
    }

    [Fact]
    public async Task A_line_of_many_blocks_is_looked_at_to_its_end()
    {
        using var fixture = new ArchiveFixture();
        await fixture.AddAsync("first\n" + new string('x', 500_000) + "needle" + new string('y', 200_000));

        var byLiteral = fixture.Search(new LiteralPattern("needle"));
        var byExpression = fixture.Search(ArchiveFixture.Regex("[n]eed[l]e"));

        Assert.Equal(2, Assert.Single(Assert.Single(byLiteral).Lines).Line);
        Assert.Equal(2, Assert.Single(Assert.Single(byExpression).Lines).Line);
    }

    [Fact]
    public async Task One_text_answers_three_lines_at_most()
    {
        using var fixture = new ArchiveFixture();
        await fixture.AddAsync(string.Concat(Enumerable.Repeat("error: again\n", 50)));

        var found = Assert.Single(fixture.Search(new LiteralPattern("error")));

        Assert.Equal([1, 2, 3], found.Lines.Select(line => line.Line));
    }

    [Fact]
    public async Task The_texts_stored_last_come_first()
    {
        using var fixture = new ArchiveFixture(segmentSize: 400);
        for (var number = 0; number < 30; number++)
        {
            await fixture.AddAsync($"log {number:D2} says needle");
        }

        var numbers = fixture.Search(new LiteralPattern("needle")).Select(text => int.Parse(text.Lines[0].Match.Snippet[4..6]));

        Assert.Equal(Enumerable.Range(0, 30).Reverse(), numbers);
    }

    [Fact]
    public async Task A_spent_budget_ends_the_search_and_says_so()
    {
        using var fixture = new ArchiveFixture();
        for (var number = 0; number < 20; number++)
        {
            await fixture.AddAsync($"needle {number}");
        }

        var budget = new SearchBudget(TimeProvider.System, TimeSpan.FromHours(1), bytes: 5 * BlockSignatures.BlockSize);
        var found = fixture.Search(new LiteralPattern("needle"), budget);

        Assert.Equal(5, found.Count);
        Assert.True(budget.IsSpent);
    }

    [Fact]
    public async Task A_search_sees_every_text_whose_adding_has_returned_while_others_are_added()
    {
        using var fixture = new ArchiveFixture(segmentSize: 50_000);

        await Parallel.ForEachAsync(Enumerable.Range(0, 400), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, _) =>
        {
            await fixture.AddAsync($"{new string('.', number)}\nthe log number {number:D5} ends\n");

            Assert.Single(fixture.Search(new LiteralPattern($"number {number:D5} ends")));
        });

        Assert.Equal(400, fixture.Search(new LiteralPattern("the log number")).Count);
    }

    private static async Task<List<(TextPlace Place, string Text)>> FillAsync(ArchiveFixture fixture, Random random)
    {
        var texts = new List<(TextPlace, string)>();
        for (var number = 0; number < 60; number++)
        {
            var length = number % 20 == 0 ? random.Next(150_000, 250_000) : random.Next(3000);
            var text = RandomTexts.Text(random, length, lineLength: random.Next(5, 120));
            texts.Add((await fixture.AddAsync(text), text));
        }

        Assert.True(fixture.Archive.Segments.Count > 2);
        return texts;
    }

    private static string Seen(List<TextMatches> found) => string.Join(
        '\n',
        from text in found
        from line in text.Lines
        select $"{text.Segment.Number}:{text.Text.Offset} {line.Line} {line.Match.Start} {line.Match.Snippet}");

    private static string Expected(List<(TextPlace Place, string Text)> texts, Func<string, int> find) => string.Join(
        '\n',
        from text in Enumerable.Reverse(texts)
        from line in text.Text.Split('\n')
            .Select((line, index) => (Text: line, Number: index + 1, At: find(line)))
            .Where(line => line.At >= 0 && (line.Text.Length > 0 || line.Number < text.Text.Split('\n').Length))
            .Take(TextSearch.MaxLines)
        let cut = LineMatch.Cut(line.Text, line.At, 1)
        select $"{text.Place.Segment}:{text.Place.Offset} {line.Number} {cut.Start} {cut.Snippet}");
}
