using Xunit.Abstractions;

namespace Refinery.Tests.Chaos;

/// <summary>The real process is killed without warning, again and again, while clients submit and steps run.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Kills = 10;
    private const int Steps = 200;

    [Fact]
    public async Task Whatever_a_kill_interrupts_every_accepted_step_ends_exactly_once()
    {
        var seed = Chance.Seed(output);
        for (var round = 0; round < (Chance.IsLong ? 10 : 3); round++)
        {
            await LiveThroughKillsAsync(seed + round);
        }
    }

    private async Task LiveThroughKillsAsync(int seed)
    {
        using var killed = new KilledHost(seed);
        for (var life = 0; life < Kills; life++)
        {
            await killed.LiveAndDieAsync(life == 0 ? Steps : Steps / 10, least: life == 0 ? Steps : 0);
        }

        Assert.Equal(0, await killed.LiveToTheEndAsync());

        var remains = new Remains(killed.Data);
        output.WriteLine($"seed {seed}: {killed.Accepted.Count} accepted, {killed.Unanswered} unanswered, {remains.Steps.Count} steps, {remains.Events.Count} events, {killed.Plugin.Found().Count} effects");
        remains.AssertEveryStepEndedOnce();
        AssertPromisesKept(killed, remains);
        remains.AssertJournalFileEqualsDatabase();
        await remains.AssertQueueFileParsesAsync();
        await AssertVerifiesAsync(killed);
        await AssertRebuildsAsync(killed);
    }

    private static void AssertPromisesKept(KilledHost killed, Remains remains)
    {
        Assert.Empty(killed.Accepted.Keys.Except(remains.Steps.Keys, StringComparer.Ordinal));
        Assert.InRange(remains.Steps.Count - killed.Accepted.Count, 0, killed.Unanswered);

        var effects = killed.Plugin.Found();
        Assert.DoesNotContain(effects, effect => effect.EndsWith("@again", StringComparison.Ordinal));
        Assert.All(killed.Reported, report => Assert.Equal(1, report.Value));
        var succeeded = remains.Events.Where(link => link.Type == "attempt.succeeded").Select(link => $"{link.StepId}@{link.Payload.GetProperty("attempt_number").GetInt64()}").ToHashSet(StringComparer.Ordinal);
        Assert.Empty(killed.Reported.Keys.Except(succeeded, StringComparer.Ordinal));
        Assert.Empty(succeeded.Where(attempt => remains.Steps[attempt.Split('@')[0]].Type == EffectPlugin.StepType).Except(effects, StringComparer.Ordinal));
        Assert.Empty(effects.Select(effect => effect.Split('@')[0]).Except(remains.Steps.Keys, StringComparer.Ordinal));
    }

    private static async Task AssertVerifiesAsync(KilledHost killed)
    {
        await using var verify = killed.Start("verify");

        Assert.Equal(0, await verify.ExitAsync());
        Assert.StartsWith("The journal is valid: ", verify.Output, StringComparison.Ordinal);
    }

    private static async Task AssertRebuildsAsync(KilledHost killed)
    {
        var before = Remains.Dump(killed.Data);
        await using var rebuild = killed.Start("rebuild-projections");

        Assert.Equal(0, await rebuild.ExitAsync());
        Assert.Equal(before, Remains.Dump(killed.Data));
    }
}
