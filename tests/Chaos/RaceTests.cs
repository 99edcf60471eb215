using System.Collections.Concurrent;
using System.Collections.Frozen;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Contract;
using Refinery.Fleet;
using Refinery.Kernel.Work;
using Xunit.Abstractions;

namespace Refinery.Tests.Chaos;

/// <summary>Many pods at once claim, finish, fail, give back, forget and report late, while steps come and are cancelled.</summary>
public sealed class RaceTests(ITestOutputHelper output)
{
    private static readonly string[] Types = [FleetCalls.Elsewhere, "cancellable"];

    [Fact]
    public async Task No_step_has_two_ends_however_its_pods_race()
    {
        var seed = Chance.Seed(output);
        using var folder = new TemporaryFolder();
        var host = await RefineryHost.StartAsync(
            folder, ("HINT_CATALOGUE", "0"), ("FLEET_Q_LEASE_SEC", "2"), ("FLEET_Q_HEARTBEAT_SEC", "1"), ("FLEET_Q_RECOVERY_SEC", "1"), ("FLEET_Q_BACKOFF_SEC", "0"), ("LOCAL_WORKER", "0"));
        using var over = new CancellationTokenSource();
        var race = new Race(host, seed, over.Token);

        var pods = Enumerable.Range(0, 8).Select(race.WorkAsync).ToList();
        await Task.WhenAll(race.SubmitAsync(Chance.IsLong ? 20_000 : 2_000), race.CancelAsync());
        await Wait.UntilAsync(() => Task.FromResult(Remains.CountUnfinished(folder.Path) == 0));
        await over.CancelAsync();
        await Task.WhenAll(pods);
        await host.StopAsync();

        var remains = new Remains(folder.Path);
        output.WriteLine($"{remains.Steps.Count} steps, {remains.Events.Count} events, {race.Accepted.Count} final results taken, {race.Refused} refused");
        remains.AssertEveryStepEndedOnce();
        remains.AssertJournalFileEqualsDatabase();
        Assert.Equal(race.Submitted, remains.Steps.Count);
        Assert.All(race.Accepted, step => Assert.Equal(1, step.Value));
        Assert.Equal(remains.Steps.Where(step => step.Value.Status == "completed").Select(step => step.Key).Except(race.Accepted.Keys, StringComparer.Ordinal), []);
        Assert.True(race.Refused > 0);
    }

    /// <summary>What the racers share.</summary>
    private sealed class Race(RefineryHost host, int seed, CancellationToken over)
    {
        private static readonly FrozenSet<string> Kinds = Types.ToFrozenSet(StringComparer.Ordinal);

        private readonly Steps steps = host.Services.GetRequiredService<Steps>();
        private readonly StepClaims claims = host.Services.GetRequiredService<StepClaims>();
        private readonly StepEndings endings = host.Services.GetRequiredService<StepEndings>();
        private int refused;

        /// <summary>How often a result that ended its step was taken.</summary>
        public ConcurrentDictionary<string, int> Accepted { get; } = new(StringComparer.Ordinal);

        public int Submitted { get; private set; }

        public int Refused => refused;

        public async Task SubmitAsync(int count)
        {
            var chance = new Random(seed);
            while (Submitted < count)
            {
                var batch = Enumerable.Range(0, Math.Min(count - Submitted, chance.Next(1, 60))).Select(_ => new NewStep
                {
                    Type = Types[chance.Next(Types.Length)], Args = StepJson.Parse("{}"), Priority = chance.Next(3), MaxRetries = chance.Next(4),
                });
                Submitted += (await steps.SubmitAsync([.. batch], CancellationToken.None)).Count;
            }
        }

        public async Task CancelAsync()
        {
            for (var round = 0; round < 5; round++)
            {
                var next = (round + 1) * 300;
                await Wait.UntilAsync(() => Task.FromResult(Submitted >= next));
                await steps.CancelWaitingAsync(Types[1], "race", "Cancelled by the race.", CancellationToken.None);
            }
        }

        public async Task WorkAsync(int pod)
        {
            var chance = new Random(seed + pod);
            var forgotten = new Queue<Holder>();
            try
            {
                while (true)
                {
                    var request = new ClaimRequest($"pod-{pod}", Kinds, chance.Next(1, 9), Start: chance.Next(2) == 0);
                    foreach (var row in await claims.ClaimAsync(request, TimeSpan.FromMilliseconds(200), over))
                    {
                        await EndAsync(new Holder(row.StepId, request.PodId, row.Fence), forgotten, chance);
                    }

                    while (forgotten.Count > 4 && forgotten.TryDequeue(out var late))
                    {
                        await ReportAsync(late, StepOutcome.Success("Late."));
                    }
                }
            }
            catch (OperationCanceledException)
            {
            }
        }

        private async Task EndAsync(Holder holder, Queue<Holder> forgotten, Random chance)
        {
            switch (chance.Next(20))
            {
                case 0:
                    forgotten.Enqueue(holder);
                    break;
                case 1:
                    await endings.ReleaseAsync(holder, "Given back.", CancellationToken.None);
                    break;
                case 2:
                    await Task.WhenAll(ReportAsync(holder, StepOutcome.Success("Twice.")), ReportAsync(holder, StepOutcome.Failure("twice", "Twice.")));
                    break;
                case 3:
                    await ReportAsync(holder with { Fence = holder.Fence - 1 }, StepOutcome.Success("Stale."));
                    await ReportAsync(holder with { PodId = "pod-x" }, StepOutcome.Success("Another's."));
                    await ReportAsync(holder, StepOutcome.Success("Right."));
                    break;
                case < 8:
                    await ReportAsync(holder, StepOutcome.Failure("failed", "No.", retryable: chance.Next(4) > 0));
                    break;
                default:
                    await ReportAsync(holder, StepOutcome.Success("Done."));
                    break;
            }
        }

        private async Task ReportAsync(Holder holder, StepOutcome outcome)
        {
            var row = await endings.FinishAsync(holder, outcome, RunFacts.None, CancellationToken.None);
            if (row is null)
            {
                Interlocked.Increment(ref refused);
            }
            else if (row.Status is "completed" or "failed")
            {
                Accepted.AddOrUpdate(row.StepId, 1, (_, count) => count + 1);
            }
        }
    }
}
