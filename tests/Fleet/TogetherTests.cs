using System.Collections.Frozen;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Contract;
using Refinery.Fleet;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>Units of many callers that are run at once answer each as if it had come alone.</summary>
public sealed class TogetherTests
{
    private static readonly StepOutcome Done = StepOutcome.Success("done");

    [Fact]
    public async Task Of_renewals_only_those_of_holders_count()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var (claims, endings) = (host.Services.GetRequiredService<StepClaims>(), host.Services.GetRequiredService<StepEndings>());
        await host.SubmitAsync();
        var before = Assert.Single(await claims.ClaimNowAsync(Request("pod-a", 1), CancellationToken.None)).Holder;
        await endings.ReleaseAsync(before, "given back", CancellationToken.None);
        var holder = Assert.Single(await claims.ClaimNowAsync(Request("pod-b", 1), CancellationToken.None)).Holder;

        var lost = await claims.RenewAsync([before, holder, before with { Fence = holder.Fence }, holder], CancellationToken.None);

        Assert.Equal([before, before with { Fence = holder.Fence }], lost);
    }

    [Fact]
    public async Task Of_reports_of_one_claim_the_first_counts()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var (claims, endings) = (host.Services.GetRequiredService<StepClaims>(), host.Services.GetRequiredService<StepEndings>());
        await host.SubmitAsync();
        await host.SubmitAsync();
        var held = await claims.ClaimNowAsync(Request("pod-a", 2), CancellationToken.None);
        var stale = held[0].Holder with { Fence = 7 };

        var reports = await HeldAsync(host, () => (Holder[])[stale, held[0].Holder, held[0].Holder, held[1].Holder], holder => endings.FinishAsync([new Reported(holder, Done, RunFacts.None)], CancellationToken.None));

        Assert.Equal([false, true, false, true], reports.Select(rows => rows[0] is not null));
        Assert.Equal(2, (await host.GetAsync("/admin/queue")).GetProperty("completed_steps").GetInt64());
    }

    [Fact]
    public async Task Claims_share_what_there_is_in_the_order_of_calling()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var claims = host.Services.GetRequiredService<StepClaims>();
        var stepIds = new List<string>();
        for (var number = 0; number < 5; number++)
        {
            stepIds.Add(await host.SubmitAsync());
        }

        var claimed = await HeldAsync(host, () => (string[])["pod-a", "pod-b", "pod-c"], pod => claims.ClaimNowAsync(Request(pod, 2), CancellationToken.None));

        Assert.Equal([2, 2, 1], claimed.Select(rows => rows.Count).OrderDescending());
        Assert.Equal(stepIds, claimed.SelectMany(rows => rows).OrderBy(row => row.Rank).Select(row => row.StepId));
    }

    [Fact]
    public async Task Submissions_that_come_together_are_each_answered_with_their_own_and_a_unique_key_makes_one()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var steps = host.Services.GetRequiredService<ISteps>();

        var answers = await HeldAsync(
            host,
            () => Enumerable.Range(0, 30).ToArray(),
            number => steps.SubmitAsync([Step($"{number} a", number % 3 == 0 ? "one" : null), Step($"{number} b", null)], CancellationToken.None));

        var unique = answers.Where((_, number) => number % 3 == 0).Select(pair => pair[0]).ToList();
        Assert.Single(unique.Select(step => step.StepId).Distinct());
        Assert.Equal(1, unique.Count(step => step.IsNew));
        Assert.Equal(51, answers.SelectMany(pair => pair).Select(step => step.StepId).Distinct().Count());
        foreach (var (pair, number) in answers.Select((pair, number) => (pair, number)))
        {
            var snapshot = await steps.FindAsync(pair[1].StepId, CancellationToken.None);
            Assert.Equal($"{number} b", snapshot!.Args.GetProperty("name").GetString());
        }
    }

    private static ClaimRequest Request(string pod, int max) => new(pod, new HashSet<string> { FleetCalls.Elsewhere }.ToFrozenSet(), max, Start: false);

    private static NewStep Step(string name, string? key) =>
        new() { Type = FleetCalls.Elsewhere, Args = System.Text.Json.JsonSerializer.SerializeToElement(new { name }), UniqueKey = key };

    /// <summary>Calls while the writer is busy, so that what is called waits together.</summary>
    private static async Task<IReadOnlyList<TResult>> HeldAsync<T, TResult>(RefineryHost host, Func<T[]> items, Func<T, Task<TResult>> call)
    {
        var (begun, go) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var held = host.Services.GetRequiredService<Database>().WriteAsync(
            async _ =>
            {
                begun.SetResult();
                await go.Task;
                return 0;
            },
            CancellationToken.None);
        await begun.Task;
        var calls = items().Select(call).ToList();
        go.SetResult();
        await held;
        return await Task.WhenAll(calls);
    }
}
