using Refinery.Logs;

namespace Refinery.Tests.Logs;

/// <summary>What was stored is there after every kind of death, and what was not whole is not found.</summary>
public sealed class LogArchiveTests
{
    private const string Segment = "00000001.segment";

    [Fact]
    public async Task A_tail_cut_at_any_byte_costs_only_the_text_it_cuts()
    {
        using var fixture = new ArchiveFixture();
        var first = await fixture.AddAsync("the first text\n");
        var second = await fixture.AddAsync("the second text\n");
        var third = await fixture.AddAsync("the third text, which is cut\n");
        fixture.Archive.Dispose();
        var whole = await File.ReadAllBytesAsync(Path.Combine(fixture.Folder, Segment));

        for (var length = third.End; length >= second.End; length--)
        {
            fixture.Crash(folder => File.WriteAllBytes(Path.Combine(folder, Segment), whole[..length]));
            var fourth = await fixture.AddAsync("the fourth text\n");

            Assert.Equal("the first text\n", fixture.Read(first));
            Assert.Equal("the second text\n", fixture.Read(second));
            Assert.Equal("the fourth text\n", fixture.Read(fourth));
            Assert.Equal(length == third.End ? 4 : 3, fixture.Search(new LiteralPattern(" text")).Count);
            Assert.Equal(length == third.End ? 1 : 0, fixture.Search(new LiteralPattern("which is cut")).Count);
        }
    }

    [Fact]
    public async Task A_tail_overwritten_from_any_byte_on_costs_only_the_text_it_hits()
    {
        using var fixture = new ArchiveFixture();
        var first = await fixture.AddAsync("the first text\n");
        var second = await fixture.AddAsync("the second text\n");
        fixture.Archive.Dispose();
        var whole = await File.ReadAllBytesAsync(Path.Combine(fixture.Folder, Segment));

        for (var from = first.End; from < second.End; from++)
        {
            fixture.Crash(folder => File.WriteAllBytes(Path.Combine(folder, Segment), [.. whole[..from], .. new byte[second.End - from + 100]]));

            Assert.Equal(first.Offset, Assert.Single(fixture.Search(new LiteralPattern(" text"))).Text.Offset);
        }
    }

    [Fact]
    public async Task A_damaged_text_in_the_middle_does_not_cost_those_behind_it()
    {
        using var fixture = new ArchiveFixture();
        var first = await fixture.AddAsync("the first text\n");
        var second = await fixture.AddAsync("the second text\n");

        fixture.Crash(folder =>
        {
            using var file = File.OpenHandle(Path.Combine(folder, Segment), access: FileAccess.Write);
            RandomAccess.Write(file, "XXX"u8, first.Offset);
        });

        Assert.Equal("the second text\n", fixture.Read(second));
        Assert.Single(fixture.Search(new LiteralPattern("second text")));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_flipped_byte_in_a_frame_costs_no_other_text_and_nothing_is_written_over(int text)
    {
        using var fixture = new ArchiveFixture();
        string[] texts = ["the first text\n", "the second text\n", "the third text\n"];
        TextPlace[] places = [await fixture.AddAsync(texts[0]), await fixture.AddAsync(texts[1]), await fixture.AddAsync(texts[2])];
        fixture.Archive.Dispose();
        var whole = await File.ReadAllBytesAsync(Path.Combine(fixture.Folder, Segment));

        for (var at = 0; at < SegmentFrame.Size; at++)
        {
            var damaged = (byte[])whole.Clone();
            damaged[places[text].Offset - SegmentFrame.Size + at] ^= 0x10;
            fixture.Crash(folder => File.WriteAllBytes(Path.Combine(folder, Segment), damaged));
            var fourth = await fixture.AddAsync("the fourth text\n");
            fixture.Reopen();

            Assert.Equal([.. texts, "the fourth text\n"], [.. places.Select(fixture.Read), fixture.Read(fourth)]);
            var isMended = at < 8; // mark and length; the digest behind them cannot be told from a damaged text
            Assert.Equal(isMended ? 4 : 3, fixture.Search(new LiteralPattern(" text")).Count);
            Assert.Equal(isMended, fixture.Archive.Unclear.Count == 0);
        }
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("cut")]
    [InlineData("foreign")]
    public async Task A_lost_index_is_made_again(string damage)
    {
        using var fixture = new ArchiveFixture(segmentSize: 100_000);
        var texts = new List<string>();
        for (var number = 0; number < 12; number++)
        {
            texts.Add(RandomTexts.Text(new Random(number), 30_000, lineLength: 60) + $"\nthe unique line {number}\n");
            await fixture.AddAsync(texts[^1]);
        }

        var indexes = Directory.GetFiles(fixture.Folder, "*.index").ToDictionary(path => path, File.ReadAllBytes, StringComparer.Ordinal);
        fixture.Crash(_ => Damage(indexes.Keys, damage));

        Assert.Equal(12, fixture.Search(new LiteralPattern("the unique line")).Count);
        Assert.NotEmpty(indexes);
        Assert.All(indexes, index => Assert.Equal(index.Value, File.ReadAllBytes(index.Key)));
    }

    [Fact]
    public async Task Texts_of_every_length_come_back_as_they_were()
    {
        using var fixture = new ArchiveFixture(segmentSize: 3_000_000);
        var stored = new List<(TextPlace Place, string Text)>();
        foreach (var length in (int[])[0, 1, 2, 3, 100, 65_495, 65_496, 65_497, 65_536, 1 << 20, (1 << 20) + 1, 2_500_000, 5_000_000, 7])
        {
            var text = new string('x', length);
            stored.Add((await fixture.AddAsync(text), text));
        }

        fixture.Reopen();

        Assert.All(stored, text => Assert.Equal(text.Text, fixture.Read(text.Place)));
        Assert.Equal(stored.Count, stored.Select(text => text.Place).Distinct().Count());
    }

    [Fact]
    public async Task Many_at_once_are_all_kept()
    {
        using var fixture = new ArchiveFixture(segmentSize: 20_000);

        var places = await Task.WhenAll(Enumerable.Range(0, 300).Select(number => Task.Run(() => fixture.AddAsync($"text number {number}\n"))));
        fixture.Reopen();

        Assert.All(places.Index(), text => Assert.Equal($"text number {text.Index}\n", fixture.Read(text.Item)));
    }

    private static void Damage(IEnumerable<string> indexes, string damage)
    {
        foreach (var path in indexes)
        {
            switch (damage)
            {
                case "missing":
                    File.Delete(path);
                    break;
                case "cut":
                    File.WriteAllBytes(path, File.ReadAllBytes(path)[..^10]);
                    break;
                default:
                    File.WriteAllText(path, "something else");
                    break;
            }
        }
    }
}
