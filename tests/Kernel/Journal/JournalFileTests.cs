using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Host;
using Refinery.Kernel.Journal;

namespace Refinery.Tests.Kernel.Journal;

/// <summary>The journal on disk follows the database, and brings it back.</summary>
public sealed class JournalFileTests
{
    [Fact]
    public async Task Every_event_is_in_the_file_when_its_writer_is_answered()
    {
        await using var host = await RefineryHost.StartAsync(("HINT_CATALOGUE", "0"));

        for (var index = 1; index <= 5; index++)
        {
            await RecordAsync(host, $"p{index}");
            Assert.Equal(index, Lines(host.DataDirectory).Length);
        }

        var line = JsonElement.Parse(Lines(host.DataDirectory)[4]);
        var link = (await host.Services.GetRequiredService<EventJournal>().ListAfterAsync(4, 1, CancellationToken.None))[0];
        Assert.Equal(["sequence", "hash", "target", "event"], line.EnumerateObject().Select(member => member.Name));
        Assert.Equal((link.Sequence, link.Hash), (line.GetProperty("sequence").GetInt64(), line.GetProperty("hash").GetString()));
        var canonical = Encoding.ASCII.GetString(link.Canonical.Span);
        Assert.Equal(canonical, line.GetProperty("event").GetRawText());
        Assert.EndsWith($"\"event\":{canonical}}}", Lines(host.DataDirectory)[4], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_writers_at_once_leave_the_lines_in_order()
    {
        await using var host = await RefineryHost.StartAsync(("HINT_CATALOGUE", "0"));

        await Task.WhenAll(Enumerable.Range(0, 100).Select(index => RecordAsync(host, $"p{index % 9}")));

        Assert.Equal(Enumerable.Range(1, 100).Select(sequence => (long)sequence), Lines(host.DataDirectory).Select(Sequence));
    }

    [Theory]
    [InlineData("torn")]
    [InlineData("short")]
    [InlineData("zeros")]
    [InlineData("empty")]
    [InlineData("gone")]
    public async Task What_a_crash_left_out_is_added_at_the_next_start(string damage)
    {
        using var folder = new TemporaryFolder();
        var before = await FillAsync(folder, 6);
        Damage(folder, damage, before);

        var host = await RefineryHost.StartAsync(folder, ("HINT_CATALOGUE", "0"));
        await RecordAsync(host, "after");
        await host.StopAsync();

        var lines = Lines(folder.Path);
        Assert.Equal(before, lines.Take(6));
        Assert.Equal([1L, 2, 3, 4, 5, 6, 7], lines.Select(Sequence));
    }

    [Fact]
    public void A_line_that_is_no_utf8_is_no_line()
    {
        var line = """{"sequence":1,"hash":"h","target":null,"event":{"a":"x"}}"""u8.ToArray();
        Assert.True(JournalLine.TryRead(line, out _));

        line[^4] = 0xFF;

        Assert.False(JournalLine.TryRead(line, out _));
    }

    [Fact]
    public async Task An_empty_database_is_rebuilt_from_the_file()
    {
        using var folder = new TemporaryFolder();
        var before = await FillAsync(folder, 600);
        DeleteDatabase(folder);

        var host = await RefineryHost.StartAsync(folder, ("HINT_CATALOGUE", "0"));
        var journal = host.Services.GetRequiredService<EventJournal>();
        var verdict = await journal.VerifyAsync(CancellationToken.None);
        var recent = await host.GetAsync("/api/recent?limit=500");
        await RecordAsync(host, "after");
        await host.StopAsync();

        Assert.Equal((true, 600), (verdict.Valid, verdict.Length));
        Assert.Equal(500, recent.GetArrayLength());
        Assert.Equal(601, Lines(folder.Path).Length);
        Assert.Equal(before, Lines(folder.Path).Take(600));
    }

    [Theory]
    [InlineData("changed", "line 3")]
    [InlineData("swapped", "sequence 4")]
    [InlineData("dropped", "sequence 4")]
    [InlineData("garbage", "no event")]
    [InlineData("ahead", "goes on to event 6 but the database ends at 5")]
    [InlineData("other", "contradicts the database")]
    public async Task A_file_that_contradicts_the_database_is_refused_in_one_sentence(string contradiction, string said)
    {
        using var folder = new TemporaryFolder();
        var lines = await FillAsync(folder, 6);
        await ContradictAsync(folder, contradiction, lines);
        var before = File.ReadAllBytes(folder.File("journal.ndjson"));

        var fault = await Assert.ThrowsAsync<StartupException>(() => RefineryHost.StartAsync(folder, ("HINT_CATALOGUE", "0")));

        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
        Assert.Contains("journal.ndjson", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
        Assert.Equal(before, File.ReadAllBytes(folder.File("journal.ndjson")));
    }

    [Fact]
    public async Task A_broken_file_does_not_fill_an_empty_database()
    {
        using var folder = new TemporaryFolder();
        var lines = await FillAsync(folder, 6);
        DeleteDatabase(folder);
        File.WriteAllLines(folder.File("journal.ndjson"), [.. lines.Take(2), .. lines.Skip(3)]);

        await Assert.ThrowsAsync<StartupException>(() => RefineryHost.StartAsync(folder, ("HINT_CATALOGUE", "0")));
        File.Delete(folder.File("journal.ndjson"));

        var host = await RefineryHost.StartAsync(folder, ("HINT_CATALOGUE", "0"));
        Assert.Equal(0, (await host.GetAsync("/api/recent")).GetArrayLength());
        await host.StopAsync();
    }

    [Fact]
    public async Task The_file_lies_where_it_is_told_or_nowhere()
    {
        using var elsewhere = new TemporaryFolder();
        await using (var host = await RefineryHost.StartAsync(("HINT_CATALOGUE", "0"), ("LEVIATHAN_EVENTS_PATH", elsewhere.File("deep/events.log"))))
        {
            await RecordAsync(host, "p");
            Assert.Single(File.ReadAllLines(elsewhere.File("deep/events.log")));
            Assert.False(File.Exists(Path.Combine(host.DataDirectory, "journal.ndjson")));
        }

        await using var without = await RefineryHost.StartAsync(("HINT_CATALOGUE", "0"), ("LEVIATHAN_BACKEND", "postgres"));
        await RecordAsync(without, "p");
        Assert.False(File.Exists(Path.Combine(without.DataDirectory, "journal.ndjson")));
        var fault = await Assert.ThrowsAsync<StartupException>(() => RefineryHost.StartAsync(("HINT_CATALOGUE", "0"), ("LEVIATHAN_BACKEND", "paper")));
        Assert.Contains("LEVIATHAN_BACKEND", fault.Message, StringComparison.Ordinal);
    }

    private static Task<JsonElement> RecordAsync(RefineryHost host, string name) =>
        host.PostAsync("/api/history", new { name, version = "1", status = "built", detail = "é" });

    private static async Task<string[]> FillAsync(TemporaryFolder folder, int events)
    {
        var host = await RefineryHost.StartAsync(folder, ("HINT_CATALOGUE", "0"));
        await host.PostAsync("/api/history", Enumerable.Range(0, events).Select(index => new { name = $"p{index}", version = "1", status = "built" }));
        await host.StopAsync();
        return Lines(folder.Path);
    }

    private static void Damage(TemporaryFolder folder, string damage, string[] lines)
    {
        var path = folder.File("journal.ndjson");
        var whole = File.ReadAllBytes(path);
        var kept = Encoding.ASCII.GetByteCount(string.Join('\n', lines.Take(4))) + 1;
        switch (damage)
        {
            case "torn":
                File.WriteAllBytes(path, whole[..(kept + 30)]);
                break;
            case "short":
                File.WriteAllBytes(path, whole[..kept]);
                break;
            case "zeros":
                File.WriteAllBytes(path, [.. whole[..kept], .. new byte[100_000]]);
                break;
            case "empty":
                File.WriteAllBytes(path, []);
                break;
            default:
                File.Delete(path);
                break;
        }
    }

    private static async Task ContradictAsync(TemporaryFolder folder, string contradiction, string[] lines)
    {
        var path = folder.File("journal.ndjson");
        switch (contradiction)
        {
            case "changed":
                File.WriteAllLines(path, lines.Select(line => line.Replace("\"p2\"", "\"px\"", StringComparison.Ordinal)));
                break;
            case "swapped":
                File.WriteAllLines(path, [.. lines.Take(2), lines[3], lines[2], .. lines.Skip(4)]);
                break;
            case "dropped":
                File.WriteAllLines(path, [.. lines.Take(2), .. lines.Skip(3)]);
                break;
            case "garbage":
                File.WriteAllLines(path, [.. lines.Take(2), "not a line", .. lines.Skip(3)]);
                break;
            case "ahead":
                DeleteDatabase(folder);
                File.WriteAllLines(path, lines.Take(5));
                await (await RefineryHost.StartAsync(folder, ("HINT_CATALOGUE", "0"))).StopAsync();
                File.WriteAllLines(path, lines);
                break;
            default:
                File.Delete(path);
                DeleteDatabase(folder);
                await FillAsync(folder, 6);
                File.WriteAllLines(path, lines);
                break;
        }
    }

    private static void DeleteDatabase(TemporaryFolder folder)
    {
        foreach (var file in Directory.GetFiles(folder.Path, "refinery.db*"))
        {
            File.Delete(file);
        }
    }

    private static string[] Lines(string folder) => File.ReadAllLines(Path.Combine(folder, "journal.ndjson"));

    private static long Sequence(string line) => JsonElement.Parse(line).GetProperty("sequence").GetInt64();
}
