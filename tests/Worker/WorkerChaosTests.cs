using System.Diagnostics;
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
        // Long enough that only what this test does to the leases ends them, and no slow machine.
        await using var yard = await WorkerYard.StartAsync(leaseSeconds: 6);
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
    public async Task A_pod_killed_again_and_again_with_eight_steps_running_loses_none_and_each_is_finished_once()
    {
        await using var yard = await WorkerYard.StartAsync();
        yard.StartWorker("steady", concurrency: 8);
        for (var round = 0; round < (Chance.IsLong ? 20 : 2); round++)
        {
            var gate = yard.Folder.File($"gate-{round}");
            var dying = yard.StartWorker($"dying-{round}", concurrency: 8);
            var stepIds = await yard.SubmitAsync(16, () => yard.Plugin.Step(gate: gate));
            await yard.UntilHeldAsync(16);

            dying.Kill();
            await dying.ExitAsync();
            await File.WriteAllTextAsync(gate, "open");
            await yard.UntilAsync("completed", stepIds);

            var found = yard.Plugin.Found().Where(effect => stepIds.Contains(effect.Split('@')[0])).ToList();
            Assert.Equal(stepIds.Order(StringComparer.Ordinal), found.Select(effect => effect.Split('@')[0]).Order(StringComparer.Ordinal));
            Assert.Equal(8, found.Count(effect => effect.EndsWith("@2", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Pods_that_slept_while_their_steps_were_given_away_can_neither_log_nor_renew_nor_complete()
    {
        var count = Chance.IsLong ? 20 : 2;
        // Long enough that only sleep ends it, not so many processes on a busy machine.
        await using var yard = await WorkerYard.StartAsync(leaseSeconds: 6);
        var stepIds = await yard.SubmitAsync(count * 3, () => yard.Plugin.Step(gate: yard.Gate, say: "Done"));
        var zombies = Enumerable.Range(0, count).Select(number => yard.StartWorker($"zombie-{number}")).ToList();
        await yard.UntilRunningAsync(stepIds.Count);
        var slept = Stopwatch.StartNew();
        zombies.ForEach(zombie => zombie.Suspend());

        yard.OpenGate();
        yard.StartWorker("awake", concurrency: 8);
        await yard.UntilAsync("completed", stepIds);
        await Wait.UntilAsync(() => Task.FromResult(!Chance.IsLong || slept.Elapsed >= TimeSpan.FromSeconds(60)));
        zombies.ForEach(zombie => zombie.Resume());
        await yard.UntilRunningAsync(0);
        await Wait.UntilAsync(async () => Refused(await yard.Http.GetStringAsync("/metrics")) >= stepIds.Count);

        foreach (var stepId in stepIds)
        {
            Assert.Equal(1, (await yard.GetAsync($"/status/{stepId}")).GetProperty("retry_count").GetInt32());
            Assert.DoesNotContain("Done", await yard.LogAsync(stepId, attempt: 1), StringComparison.Ordinal);
            Assert.Equal("Attempt 2\nDone\n", await yard.LogAsync(stepId, attempt: 2));
        }

        static long Refused(string metrics) => metrics.Split('\n')
            .Where(line => line.StartsWith("refinery_fleet_refused_total{", StringComparison.Ordinal))
            .Sum(line => long.Parse(line.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [MemberData(nameof(Chance.Rounds), MemberType = typeof(Chance))]
    public async Task A_clock_ten_minutes_wrong_on_a_pod_changes_nothing(int round)
    {
        await using var yard = await WorkerYard.StartAsync(leaseSeconds: 10);
        var stepIds = await yard.SubmitAsync(24, () => yard.Plugin.Step(waitMilliseconds: round * 7 % 40));
        var held = await yard.SubmitAsync(6, () => yard.Plugin.Step(gate: yard.Gate));
        var (early, late) = (new SetClock(), new SetClock());
        early.Set(TimeSpan.FromMinutes(-10));
        late.Set(TimeSpan.FromMinutes(10));
        using var first = await yard.StartWorkerHereAsync("early", early);
        using var second = await yard.StartWorkerHereAsync("late", late);

        await yard.UntilAsync("completed", stepIds);
        await yard.UntilHeldAsync(6);
        early.Set(TimeSpan.FromMinutes(20));
        late.Set(TimeSpan.FromMinutes(-20));
        await yard.UntilRenewedAsync(held);
        yard.OpenGate();
        await yard.UntilAsync("completed", held);
        await first.StopAsync();
        await second.StopAsync();

        Assert.Equal(stepIds.Concat(held).Select(stepId => $"{stepId}@1").Order(StringComparer.Ordinal), yard.Plugin.Found().Order(StringComparer.Ordinal));
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
