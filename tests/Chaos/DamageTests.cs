using Refinery.Host;
using Xunit.Abstractions;

namespace Refinery.Tests.Chaos;

/// <summary>Files cut or changed at random places: mended where the database knows better, else named in one sentence, never passed over.</summary>
public sealed class DamageTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly TemporaryFolder work = new();

    [Fact]
    public async Task A_damaged_journal_file_is_mended_or_refused()
    {
        var chance = new Random(Chance.Seed(output));
        var host = await StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => host.SubmitAsync()));
        await host.StopAsync();
        var whole = await File.ReadAllBytesAsync(Journal);

        for (var round = 0; round < (Chance.IsLong ? 300 : 50); round++)
        {
            var isCut = round % 2 == 0;
            var at = chance.Next(whole.Length);
            await File.WriteAllBytesAsync(Journal, isCut ? whole[..at] : Flipped(whole, at, chance));

            var refusal = await RefusalAsync();

            Assert.True(refusal is null || !isCut, $"Cut at {at}: {refusal}");
            if (refusal is null)
            {
                new Remains(folder.Path).AssertJournalFileEqualsDatabase();
            }
            else
            {
                Assert.Contains(Journal, refusal, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', refusal);
            }
        }
    }

    [Fact]
    public async Task A_damaged_queue_file_costs_no_step()
    {
        var chance = new Random(Chance.Seed(output));
        var plugin = new EffectPlugin(work);
        var stepIds = new List<string>();
        for (var round = 0; round < (Chance.IsLong ? 60 : 6); round++)
        {
            var idle = await StartAsync(("LOCAL_WORKER", "0"), ("PLUGINS_DIR", plugin.Plugins));
            stepIds.AddRange(await Task.WhenAll(Enumerable.Range(0, 15).Select(_ => idle.SubmitAsync(plugin.Step()))));
            await idle.StopAsync();
            var queueFile = folder.File("queue/queue.ndjson");
            var whole = await File.ReadAllBytesAsync(queueFile);
            var at = chance.Next(whole.Length);
            await File.WriteAllBytesAsync(queueFile, round % 2 == 0 ? whole[..at] : Flipped(whole, at, chance));

            var host = await StartAsync(("PLUGINS_DIR", plugin.Plugins));
            await Wait.UntilAsync(() => Task.FromResult(Remains.CountUnfinished(folder.Path) == 0));
            await host.StopAsync();
        }

        new Remains(folder.Path).AssertEveryStepEndedOnce();
        Assert.Equal(stepIds.Select(stepId => $"{stepId}@1").Order(StringComparer.Ordinal), plugin.Found().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Verify_finds_a_change_that_lies_too_far_back_for_a_start()
    {
        var host = await StartAsync();
        await host.PostAsync("/api/history", new { name = "first", version = "1.0", status = "built" });
        for (var part = 0; part < 5; part++)
        {
            await host.PostAsync("/api/history", Enumerable.Range(0, 60).Select(_ => new { name = "p", version = "1.0", status = "built", detail = new string('x', 65_000) }));
        }

        await host.StopAsync();
        var bytes = await File.ReadAllBytesAsync(Journal);
        bytes[bytes.AsSpan().IndexOf("first"u8)] = (byte)'F';
        await File.WriteAllBytesAsync(Journal, bytes);

        Assert.Equal((1, $"The journal file '{Journal}' is broken at line 1: the stored text does not have the stored hash."), await VerifyAsync());
    }

    [Theory]
    [InlineData("changed", "is damaged")]
    [InlineData("cut", "is cut off")]
    [InlineData("gone", "is missing with its file")]
    [InlineData("whole", null)]
    public async Task Verify_finds_a_log_that_is_not_what_was_stored(string damage, string? said)
    {
        var host = await StartAsync();
        await host.PostAsync("/api/logs", new { name = "numpy", version = "1.0", content = "one\ntwo\n" });
        await host.StopAsync();
        var segment = Assert.Single(Directory.GetFiles(folder.File("logs"), "*.segment"));
        var bytes = await File.ReadAllBytesAsync(segment);
        bytes[^3] = damage == "changed" ? (byte)'X' : bytes[^3];
        await File.WriteAllBytesAsync(segment, damage == "cut" ? bytes[..^3] : bytes);
        if (damage == "gone")
        {
            File.Delete(segment);
        }

        var (exit, output) = await VerifyAsync();

        Assert.Equal(said is null ? 0 : 1, exit);
        Assert.Contains(said ?? "The journal is valid", output, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        folder.Dispose();
        work.Dispose();
    }

    private string Journal => folder.File("journal.ndjson");

    private static byte[] Flipped(byte[] whole, int at, Random chance)
    {
        var changed = (byte[])whole.Clone();
        changed[at] ^= (byte)(1 << chance.Next(8));
        return changed;
    }

    private async Task<string?> RefusalAsync()
    {
        try
        {
            await (await StartAsync()).StopAsync();
            return null;
        }
        catch (StartupException refusal)
        {
            return refusal.Message;
        }
    }

    private async Task<(int Exit, string Output)> VerifyAsync()
    {
        await using var run = HostRun.Start(work, ["verify"], ("DATA_DIR", folder.Path), ("HINT_CATALOGUE", "0"));
        var exit = await run.ExitAsync();
        return (exit, (run.Output + run.Errors).TrimEnd());
    }

    private Task<RefineryHost> StartAsync(params (string Name, string Value)[] settings) =>
        RefineryHost.StartAsync(folder, [("HINT_CATALOGUE", "0"), .. settings]);
}
