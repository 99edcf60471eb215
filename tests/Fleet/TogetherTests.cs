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

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_submissions_with_one_key_all_are_told_of_one_step(bool isActive)
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var intake = host.Services.GetRequiredService<StepIntake>();
        var active = isActive ? await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { name = "one" }, unique_key = "one" }) : null;

        var answers = await HeldAsync(host, () => Enumerable.Range(0, 5).ToArray(), _ => intake.TakeOnceAsync(Step("one", "one"), "key", CancellationToken.None));

        Assert.Equal(active ?? answers[0].Step.Row.StepId, Assert.Single(answers.Select(answer => answer.Step.Row.StepId).Distinct()));
        Assert.All(answers, answer => Assert.True(answer.IsSame));
        Assert.Equal(1, (await host.GetAsync("/admin/queue")).GetProperty("pending_steps").GetInt64());
    }

    [Fact]
    public async Task What_pods_that_waited_have_got_is_offered_to_nobody()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var (claims, steps) = (host.Services.GetRequiredService<StepClaims>(), host.Services.GetRequiredService<ISteps>());
        var waiting = Enumerable.Range(0, 4).Select(pod => claims.ClaimAsync(Request($"pod-{pod}", 1), TimeSpan.FromMinutes(1), CancellationToken.None)).ToList();
        await Wait.UntilAsync(() => Task.FromResult(host.Services.GetRequiredService<WaitingClaims>().Count == 4));

        var submitted = await HeldAsync(host, () => Enumerable.Range(0, 4).ToArray(), number => steps.SubmitAsync([Step($"{number}", null)], CancellationToken.None));

        var claimed = await Task.WhenAll(waiting);
        Assert.Equal(submitted.Select(one => one[0].StepId).Order(StringComparer.Ordinal), claimed.Select(rows => Assert.Single(rows).StepId).Order(StringComparer.Ordinal));
        Assert.Equal(0, (await host.Services.GetRequiredService<IQueueBackend>().StatsAsync(CancellationToken.None)).Length);
    }

    [Fact]
    public async Task Claims_of_different_types_that_come_together_take_nothing_from_each_other()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var (claims, steps) = (host.Services.GetRequiredService<StepClaims>(), host.Services.GetRequiredService<ISteps>());
        await steps.SubmitAsync([.. Enumerable.Range(0, 50).Select(number => Step($"{number}", null))], CancellationToken.None);
        await steps.SubmitAsync([Step("later", null) with { Type = "rare", NotBefore = DateTimeOffset.UtcNow.AddHours(1) }], CancellationToken.None);

        var claimed = await HeldAsync(
            host,
            () => (ClaimRequest[])[Request("pod-a", 1000) with { Types = new HashSet<string> { "rare" }.ToFrozenSet() }, Request("pod-b", 1), Request("pod-c", 1)],
            request => claims.ClaimNowAsync(request, CancellationToken.None));

        Assert.Equal([0, 1, 1], claimed.Select(rows => rows.Count));
        var rest = await claims.ClaimNowAsync(Request("pod-d", 100), CancellationToken.None);
        Assert.Equal(48, rest.Count);
        Assert.Equal(rest.OrderBy(row => row.Rank).Select(row => row.StepId), rest.Select(row => row.StepId));
    }

    [Fact]
    public async Task Whoever_left_claims_nothing_and_the_others_do()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var claims = host.Services.GetRequiredService<StepClaims>();
        await host.SubmitAsync();
        await host.SubmitAsync();
        using var left = new CancellationTokenSource();
        await left.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => claims.ClaimNowAsync(Request("pod-a", 1), left.Token));
        var claimed = await claims.ClaimNowAsync(Request("pod-b", 5), CancellationToken.None);

        Assert.Equal([1L, 1L], claimed.Select(row => row.Attempts));
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
