using Refinery.Tests.Chaos;
using Xunit.Abstractions;

namespace Refinery.Tests.Worker;

/// <summary>Whoever is killed, server or worker: no result is lost and no step has two effects.</summary>
public sealed class WorkerChaosTests(ITestOutputHelper output)
{
    private static readonly string[] Names = ["a", "b", "c"];

    [Fact]
    public async Task What_three_workers_finish_while_the_server_is_down_for_long_counts_when_it_is_back()
    {
        await using var yard = await WorkerYard.StartAsync();
        var held = await yard.SubmitAsync(9, () => yard.Plugin.Step(gate: yard.Gate));
        Array.ForEach(Names, name => yard.StartWorker(name));
        await yard.UntilRunningAsync(9);
        var waiting = await yard.SubmitAsync(20, () => yard.Plugin.Step());

        await yard.KillServerAsync();
        yard.ExpireLeases();
        yard.OpenGate();
        await Wait.UntilAsync(() => Task.FromResult(Names.Sum(yard.Letters) == 9));
        await yard.StartServerAsync();
        await yard.UntilAsync("completed", [.. held, .. waiting]);

        Assert.Equal(held.Concat(waiting).Select(stepId => $"{stepId}@1").Order(StringComparer.Ordinal), yard.Plugin.Found().Order(StringComparer.Ordinal));
        foreach (var stepId in held)
        {
            Assert.Equal("Attempt 1\n", (await yard.GetAsync($"/api/logs/{EffectPlugin.StepType}/{stepId}")).GetProperty("content").GetString());
        }

        await Wait.UntilAsync(() => Task.FromResult(Names.Sum(yard.Letters) == 0));
    }

    [Fact]
    public async Task A_server_killed_again_and_again_under_three_workers_loses_nothing_and_repeats_nothing()
    {
        var chance = new Random(Chance.Seed(output));
        await using var yard = await WorkerYard.StartAsync(leaseSeconds: 6);
        var stepIds = await yard.SubmitAsync(Chance.IsLong ? 600 : 60, () => yard.Plugin.Step(waitMilliseconds: chance.Next(40)));
        Array.ForEach(Names, name => yard.StartWorker(name));
        for (var kill = 0; kill < (Chance.IsLong ? 20 : 3); kill++)
        {
            var enough = Math.Min(stepIds.Count, yard.Plugin.Found().Count + chance.Next(1, 15));
            await Wait.UntilAsync(() => Task.FromResult(yard.Plugin.Found().Count >= enough));
            await yard.KillServerAsync();
            await yard.StartServerAsync();
        }

        await yard.UntilAsync("completed", stepIds);

        Assert.Equal(stepIds.Order(StringComparer.Ordinal), yard.Effects().Keys.Order(StringComparer.Ordinal));
        Assert.All(yard.Effects(), effect => Assert.Equal(1, effect.Value));
    }

    [Fact]
    public async Task What_a_killed_worker_ran_is_run_by_another()
    {
        await using var yard = await WorkerYard.StartAsync();
        var stepIds = await yard.SubmitAsync(3, () => yard.Plugin.Step(gate: yard.Gate));
        var dying = yard.StartWorker("a");
        await yard.UntilRunningAsync(3);

        dying.Kill();
        await dying.ExitAsync();
        yard.StartWorker("b");
        yard.OpenGate();
        await yard.UntilAsync("completed", stepIds);

        Assert.Equal(stepIds.Select(stepId => $"{stepId}@2").Order(StringComparer.Ordinal), yard.Plugin.Found().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_result_outlives_the_worker_that_made_it_and_is_delivered_by_its_next_start()
    {
        await using var yard = await WorkerYard.StartAsync(leaseSeconds: 600);
        var stepId = await yard.SubmitAsync(yard.Plugin.Step(gate: yard.Gate));
        var dying = yard.StartWorker("a");
        await yard.UntilRunningAsync(1);
        await yard.KillServerAsync();
        yard.OpenGate();
        await Wait.UntilAsync(() => Task.FromResult(yard.Letters("a") == 1));
        dying.Kill();
        await dying.ExitAsync();

        await yard.StartServerAsync();
        yard.StartWorker("a");
        await yard.UntilAsync("completed", stepId);

        Assert.Equal([$"{stepId}@1"], yard.Plugin.Found());
        await Wait.UntilAsync(() => Task.FromResult(yard.Letters("a") == 0));
    }

    [Fact]
    public async Task A_result_whose_step_another_has_run_meanwhile_is_dropped_with_one_line()
    {
        await using var yard = await WorkerYard.StartAsync();
        var stepId = await yard.SubmitAsync(yard.Plugin.Step(gate: yard.Gate));
        var late = yard.StartWorker("a");
        await yard.UntilRunningAsync(1);
        await yard.KillServerAsync();
        yard.OpenGate();
        await Wait.UntilAsync(() => Task.FromResult(yard.Letters("a") == 1));
        late.Kill();
        await late.ExitAsync();
        await yard.StartServerAsync();
        yard.StartWorker("b");
        await yard.UntilAsync("completed", stepId);

        late = yard.StartWorker("a");
        await Wait.UntilAsync(() => Task.FromResult(yard.Letters("a") == 0));
        late.Terminate();

        Assert.Equal(0, await late.ExitAsync());
        Assert.Single(late.Output.Split('\n'), line => line.Contains("was refused and is dropped", StringComparison.Ordinal));
        Assert.EndsWith("@2", (await yard.GetAsync($"/api/logs/{EffectPlugin.StepType}/{stepId}?attempt=2")).GetProperty("content").GetString()!.Trim().Replace("Attempt ", "@", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
