using System.Collections.Concurrent;

namespace Refinery.Tests.Chaos;

/// <summary>One who submits at a steady rate and two pods that do the work, each with whichever host answers; or workers do it, which leave an effect of each step.</summary>
internal sealed class FarmLoad : IAsyncDisposable
{
    private const int PerSecond = 50;

    private readonly CancellationTokenSource stopSubmitting = new();
    private readonly CancellationTokenSource stopWorking = new();
    private readonly ConcurrentDictionary<string, int> ended = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> accepted = new();
    private readonly HostFarm farm;
    private readonly EffectPlugin? effects;
    private readonly Task submitting;
    private readonly Task[] working;

    /// <param name="effects">Where workers leave their effects; null when pods are to do the work.</param>
    public FarmLoad(HostFarm farm, EffectPlugin? effects = null)
    {
        (this.farm, this.effects) = (farm, effects);
        submitting = Task.Run(SubmitAsync);
        working = effects is null ? [.. new[] { "pod-a", "pod-b" }.Select(pod => Task.Run(() => WorkAsync(pod)))] : [];
    }

    /// <summary>The steps that a host has taken.</summary>
    public IReadOnlyCollection<string> Accepted => accepted;

    /// <summary>Of how many steps a pod was told that its report counts, or an effect is there.</summary>
    public int Ended => effects?.Found().DistinctBy(effect => effect.Split('@')[0]).Count() ?? ended.Count;

    /// <summary>Waits until so many more steps have ended: work goes on.</summary>
    public async Task GoesOnAsync(int steps = PerSecond)
    {
        var before = Ended;
        await UntilAsync(() => Ended >= before + steps);
    }

    /// <summary>How many steps end in the best of some seconds of quiet work; no more than come, though what waited at the start is worked off too.</summary>
    public async Task<double> PaceAsync()
    {
        var best = 0.0;
        for (var second = 0; second < 5; second++)
        {
            best = Math.Max(best, await KeepsUpAsync(0, TimeSpan.FromSeconds(1)));
        }

        return Math.Min(PerSecond, best);
    }

    /// <summary>Waits until so many steps have ended in each second of a while, or more, and no more wait than come within half a second.</summary>
    /// <returns>How many ended in a second of that while.</returns>
    public async Task<double> KeepsUpAsync(double pace, TimeSpan during)
    {
        var (before, began, reached) = (Ended, TimeProvider.System.GetTimestamp(), 0.0);
        await UntilAsync(() =>
        {
            if (TimeProvider.System.GetElapsedTime(began) is { TotalSeconds: var passed } && passed < during.TotalSeconds)
            {
                return false;
            }

            reached = (Ended - before) / passed;
            (before, began) = (Ended, TimeProvider.System.GetTimestamp());
            return reached >= pace && accepted.Count - Ended < PerSecond / 2;
        });
        return reached;
    }

    /// <summary>Submits no more and waits until all has ended.</summary>
    public async Task FinishAsync()
    {
        await stopSubmitting.CancelAsync();
        await submitting;
        await UntilAsync(() => Ended >= accepted.Count);
        await stopWorking.CancelAsync();
        await Task.WhenAll(working);
        if (effects is not null)
        {
            var left = new Queue<string>(accepted);
            await Wait.UntilAsync(() => AreCompletedAsync(left));
            return;
        }

        Assert.Equal(accepted.Order(StringComparer.Ordinal), ended.Keys.Order(StringComparer.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        await stopSubmitting.CancelAsync();
        await stopWorking.CancelAsync();
        await Task.WhenAll([submitting, .. working]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopSubmitting.Dispose();
        stopWorking.Dispose();
    }

    private async Task<bool> AreCompletedAsync(Queue<string> left)
    {
        while (left.TryPeek(out var stepId))
        {
            if (await farm.StatusAsync(stepId) != "completed")
            {
                return false;
            }

            left.Dequeue();
        }

        return true;
    }

    private async Task SubmitAsync()
    {
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / PerSecond));
        for (var number = 0; !stopSubmitting.IsCancellationRequested; number++)
        {
            await pace.WaitForNextTickAsync();
            var asked = effects?.Step(waitMilliseconds: 20, priority: number % 3) ?? new { type = FleetCalls.Elsewhere, args = new { number }, priority = number % 3, max_retries = 10 };
            var step = await farm.PostAsync("/submit", asked, $"{GetHashCode()}-{number}", stopWorking.Token);
            accepted.Enqueue(step.GetProperty("step_id").GetString()!);
        }
    }

    private async Task WorkAsync(string pod)
    {
        while (!stopWorking.IsCancellationRequested)
        {
            var claims = await farm.PostAsync("/api/steps/claim", new { pod_id = pod, kinds = new[] { FleetCalls.Elsewhere }, max = 20, wait_seconds = 1 }, key: null, CancellationToken.None);
            var reports = claims.EnumerateArray().Select(claim => new { step_id = claim.GetProperty("step_id").GetString(), pod_id = pod, fence = claim.GetProperty("fence").GetInt64() }).ToArray();
            if (reports.Length > 0)
            {
                var answers = await farm.PostAsync("/api/steps/complete", reports, key: null, CancellationToken.None);

                foreach (var answer in answers.EnumerateArray())
                {
                    await EndAsync(answer.GetProperty("step_id").GetString()!, answer.GetProperty("accepted").GetBoolean());
                }
            }
        }
    }

    /// <summary>Notes an end. A report whose answer was lost counted all the same, and the next one is refused.</summary>
    private async Task EndAsync(string stepId, bool isAccepted)
    {
        if (isAccepted)
        {
            Assert.Equal(1, ended.AddOrUpdate(stepId, 1, (_, times) => times + 1));
        }
        else if (await farm.StatusAsync(stepId) == "completed")
        {
            ended.TryAdd(stepId, 1);
        }
    }

    /// <summary>Fails at once when a pod or who submits has failed.</summary>
    private Task UntilAsync(Func<bool> condition) => Wait.UntilAsync(async () =>
    {
        if (working.Append(submitting).FirstOrDefault(one => one.IsFaulted) is { } failed)
        {
            await failed;
        }

        return condition();
    });
}
