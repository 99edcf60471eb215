using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Tests.Chaos;
using Xunit.Abstractions;

namespace Refinery.Tests.Kernel.Journal;

/// <summary>Whatever is changed in a journal's file is found at its line.</summary>
public sealed class TamperTests(ITestOutputHelper output) : IDisposable
{
    private const int Events = 10_000;

    private readonly TemporaryFolder folder = new();

    private Checkpoint? checkpoint;

    private string Copy => folder.File("copy.ndjson");

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Every_mutation_of_a_journal_is_named_by_the_first_line_it_breaks()
    {
        var chance = new Random(Chance.Seed(output));
        var lines = await JournalAsync();
        var mutations = new Func<List<string>, int, Random, int>[] { EditByte, Drop, Swap, Repeat, Insert, Fork };

        for (var round = 0; round < (Chance.IsLong ? 1000 : 60); round++)
        {
            var mutated = new List<string>(lines);
            var mutation = mutations[round % mutations.Length];
            var place = mutation(mutated, chance.Next(1, Events - 1), chance);
            await WriteAsync(mutated);

            var fault = JournalFileAudit.Verify(Copy).Fault;

            Assert.True(fault?.Contains($"line {place}:", StringComparison.Ordinal), $"{mutation.Method.Name} at line {place}: {fault ?? "nothing was found"}");
        }
    }

    [Fact]
    public async Task What_the_chain_cannot_show_is_found_by_a_checkpoint_kept_elsewhere()
    {
        var chance = new Random(Chance.Seed(output));
        var lines = await JournalAsync();
        var mutations = new Func<List<string>, int, Random, string>[] { Truncate, Rehash, EditTarget };

        Assert.Null(JournalFileAudit.Verify(await WriteAsync(lines), checkpoint).Fault);
        for (var round = 0; round < (Chance.IsLong ? 300 : 30); round++)
        {
            var mutated = new List<string>(lines);
            var mutation = mutations[round % mutations.Length];
            var expected = mutation(mutated, chance.Next(1, Events - 1), chance);
            await WriteAsync(mutated);

            Assert.Null(JournalFileAudit.Verify(Copy).Fault);
            Assert.Equal($"The journal file '{Copy}' {expected}", JournalFileAudit.Verify(Copy, checkpoint).Fault);
        }
    }

    [Fact]
    public async Task A_byte_changed_or_added_anywhere_is_found_by_the_chain_or_by_the_checkpoint()
    {
        var chance = new Random(Chance.Seed(output));
        var lines = await JournalAsync();
        for (var round = 0; round < (Chance.IsLong ? 300 : 30); round++)
        {
            var (mutated, index) = (new List<string>(lines), chance.Next(0, Events));
            var (line, at) = (lines[index], chance.Next(0, lines[index].Length));
            mutated[index] = (round % 3) switch
            {
                0 => $"{line[..at]}{(line[at] == 'x' ? 'y' : 'x')}{line[(at + 1)..]}",
                1 => $"{line[..at]} {line[at..]}",
                _ => line.Replace(",\"event\":", ",\"sent_timestamp\":\"2026-01-24\",\"event\":", StringComparison.Ordinal),
            };

            Assert.True(JournalFileAudit.Verify(await WriteAsync(mutated), checkpoint).Fault is not null, $"line {index + 1} at {at}: {mutated[index]}");
        }
    }

    [Fact]
    public async Task What_was_added_since_the_checkpoint_is_no_fault()
    {
        var lines = await JournalAsync();
        var older = checkpoint! with { Tree = new TreeHead(9_000, MerkleFrontier.RootOf(lines.Take(9_000).Select(line => MerkleHash.Leaf(Encoding.UTF8.GetBytes(line))))) };

        Assert.Null(JournalFileAudit.Verify(await WriteAsync(lines), older).Fault);
    }

    [Fact]
    public async Task A_torn_last_line_is_said_and_the_rest_counts()
    {
        var lines = await JournalAsync();
        await File.WriteAllTextAsync(Copy, $"{string.Join('\n', lines.Take(9))}\n{lines[9][..40]}", Encoding.Latin1);

        var verdict = JournalFileAudit.Verify(Copy);

        Assert.Equal((null, 9L), (verdict.Fault, verdict.Head.Sequence));
        Assert.Equal($"The journal file '{Copy}' ends in 40 bytes of a torn line, which count for nothing.", Assert.Single(verdict.Mending));
    }

    [Fact]
    public async Task The_command_reads_a_file_from_elsewhere_without_a_server()
    {
        var lines = await JournalAsync();
        await File.WriteAllLinesAsync(Copy, lines, Encoding.Latin1);
        var good = await RunAsync(Copy);
        Swap(lines, 5, new Random(1));
        await File.WriteAllLinesAsync(Copy, lines, Encoding.Latin1);
        var bad = await RunAsync(Copy);
        var none = await RunAsync(folder.File("nothing"));

        Assert.Equal((0, $"The journal is valid: {Events} events, head {JsonElement.Parse(lines[^1]).GetProperty("hash").GetString()}."), good);
        Assert.Equal((1, $"The journal file '{Copy}' is broken at line 6: sequence 7 follows 5; 6 is missing."), bad);
        Assert.Equal((1, $"There is no file '{folder.File("nothing")}'; a journal file is expected, for example a copy of journal.ndjson."), none);
        Assert.False(Directory.Exists(folder.File("data")));
    }

    /// <summary>Each changes the lines at an index from 0 and says which line, from 1, is the first that is wrong.</summary>
    private static int EditByte(List<string> lines, int index, Random chance)
    {
        var (line, from) = (lines[index], lines[index].IndexOf("\"event\":", StringComparison.Ordinal) + "\"event\":".Length);
        var at = chance.Next(from, line.Length - 1);
        var other = (char)chance.Next(' ', '~');
        lines[index] = $"{line[..at]}{(other == line[at] ? '~' : other)}{line[(at + 1)..]}";
        return index + 1;
    }

    private static int Drop(List<string> lines, int index, Random chance)
    {
        lines.RemoveAt(index);
        return index + 1;
    }

    private static int Swap(List<string> lines, int index, Random chance)
    {
        (lines[index], lines[index + 1]) = (lines[index + 1], lines[index]);
        return index + 1;
    }

    private static int Repeat(List<string> lines, int index, Random chance)
    {
        lines.Insert(index, lines[index]);
        return index + 2;
    }

    private static int Insert(List<string> lines, int index, Random chance)
    {
        lines.Insert(index, lines[chance.Next(index + 1, lines.Count)]);
        return index + 1;
    }

    /// <summary>Another event in the place of one, rightly hashed: the one behind it names the hash that is gone.</summary>
    private static int Fork(List<string> lines, int index, Random chance)
    {
        var line = JsonElement.Parse(lines[index]);
        var text = line.GetProperty("event").GetRawText().Replace("\"number\":", $"\"forged\":{chance.Next(1000)},\"number\":", StringComparison.Ordinal);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        lines[index] = $$"""{"sequence":{{index + 1}},"hash":"{{hash}}","target":"radix","event":{{text}}}""";
        return index + 2;
    }

    /// <summary>Each leaves a chain that is whole, and says what a checkpoint finds.</summary>
    private string Truncate(List<string> lines, int index, Random chance)
    {
        lines.RemoveRange(index, lines.Count - index);
        return $"ends at event {index}, but the checkpoint of {checkpoint!.When} counts {Events}; the last {Events - index} are missing.";
    }

    private string Rehash(List<string> lines, int index, Random chance)
    {
        var previous = JsonElement.Parse(lines[index - 1]).GetProperty("hash").GetString();
        for (var at = index; at < lines.Count; at++)
        {
            var text = JsonElement.Parse(lines[at]).GetProperty("event").GetRawText();
            var old = JsonElement.Parse(text).GetProperty("prev_hash").GetString()!;
            text = text.Replace(old, previous, StringComparison.Ordinal).Replace("\"number\":", at == index ? $"\"forged\":{chance.Next(1000)},\"number\":" : "\"number\":", StringComparison.Ordinal);
            previous = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
            lines[at] = $$"""{"sequence":{{at + 1}},"hash":"{{previous}}","target":"radix","event":{{text}}}""";
        }

        return Changed;
    }

    private string EditTarget(List<string> lines, int index, Random chance)
    {
        lines[index] = lines[index].Replace("\"target\":\"radix\"", $"\"target\":\"radi{(char)chance.Next('a', 'w')}\"", StringComparison.Ordinal);
        return Changed;
    }

    private string Changed => $"is not the one that was signed at {checkpoint!.When}: something in its first {Events} events was changed since.";

    private async Task<string> WriteAsync(IEnumerable<string> lines)
    {
        await File.WriteAllTextAsync(Copy, string.Concat(lines.Select(line => $"{line}\n")), Encoding.Latin1);
        return Copy;
    }

    private async Task<List<string>> JournalAsync()
    {
        const string Token = "graph-token";
        await using var host = await RefineryHost.StartAsync(("LEVIATHAN_CONTROL_PLANE_TOKEN", Token), ("HINT_CATALOGUE", "0"));
        host.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        foreach (var numbers in Enumerable.Range(1, Events).Chunk(1000))
        {
            await host.PostAsync("/v1/events/ingest", new
            {
                target = "radix",
                bundle_id = "b",
                events = numbers.Select(number => new { event_id = $"evt-{number}", event_type = "job.submitted", timestamp = "2026-01-24T10:00:00Z", payload = new { number, text = "é😀" } }),
            });
        }

        await File.WriteAllTextAsync(folder.File("key.pem"), await host.Http.GetStringAsync("/api/journal/key"));
        await File.WriteAllTextAsync(folder.File("checkpoint.json"), await host.Http.GetStringAsync("/api/journal/checkpoint"));
        await File.WriteAllTextAsync(folder.File("proof.json"), await host.Http.GetStringAsync("/api/journal/proof?sequence=17"));
        checkpoint = CheckpointSeal.Read(await File.ReadAllTextAsync(folder.File("key.pem")))!.Open((await host.GetAsync("/api/journal/checkpoint")).GetProperty("note").GetString()!);
        return [.. await File.ReadAllLinesAsync(Path.Combine(host.DataDirectory, "journal.ndjson"), Encoding.Latin1)];
    }

    private async Task<(int Code, string Output)> RunAsync(string path, params string[] more)
    {
        await using var run = HostRun.Start(folder, ["verify", "--file", path, .. more]);
        var code = await run.ExitAsync();
        return (code, (run.Output + run.Errors).Trim());
    }
}
