using System.Collections.Frozen;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Fleet;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>A submission makes the claim of a pod that waits, in its own unit.</summary>
public sealed class HandoverTests
{
    [Fact]
    public async Task A_step_that_somebody_waits_for_never_enters_the_queue()
    {
        await using var host = await RefineryHost.StartAsync();
        var waiting = await WaitAsync(host, "pod-a");

        var stepId = await host.SubmitAsync();

        Assert.Equal(stepId, Assert.Single(await waiting).GetProperty("step_id").GetString());
        Assert.Equal("pod-a", (await host.RowAsync(stepId)).ClaimedBy);
        Assert.DoesNotContain(stepId, await File.ReadAllTextAsync(Path.Combine(host.DataDirectory, "queue", "queue.ndjson")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_several_submitted_at_once_each_waiting_pod_gets_its_own_and_the_rest_wait()
    {
        await using var host = await RefineryHost.StartAsync();
        var (first, second) = (await WaitAsync(host, "pod-a"), await WaitAsync(host, "pod-b"));
        await host.PostAsync("/api/queue/enqueue", Enumerable.Range(0, 5).Select(number => new { package = $"p{number}", version = "1" }));

        var claims = (await Task.WhenAll(first, second)).SelectMany(claim => claim).Select(step => step.GetProperty("step_id").GetString()).ToList();
        var rest = await ClaimAsync(host, "pod-c", max: 10, waitSeconds: 0);

        Assert.Equal(2, claims.Distinct().Count());
        Assert.Equal(3, rest.Count);
        Assert.DoesNotContain(rest, step => claims.Contains(step.GetProperty("step_id").GetString()));
    }

    [Fact]
    public async Task What_stands_in_line_and_what_comes_are_handed_over_in_the_order_of_the_line()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"), ("FLEET_Q_BACKOFF_SEC", "0"));
        var (claims, waiting) = (host.Services.GetRequiredService<StepClaims>(), host.Services.GetRequiredService<WaitingClaims>());
        var request = new ClaimRequest("pod-a", FrozenSet.Create(StringComparer.Ordinal, FleetCalls.Elsewhere), Max: 4, Start: false);
        var stored = new List<string>();
        foreach (var priority in new[] { 5, 0, 3 })
        {
            stored.Add((await host.PostAsync("/submit", new { type = FleetCalls.Elsewhere, args = new { }, priority })).GetProperty("step_id").GetString()!);
        }

        // It waits although there is something in line, as it does for what another host has stored.
        var claim = waiting.Enter(request);
        var come = await host.Services.GetRequiredService<ISteps>().SubmitAsync([Step(9), Step(1), Step(0)], CancellationToken.None);
        var given = (await claim.Made).Select(row => row.StepId).ToList();
        var rest = (await claims.ClaimNowAsync(request, CancellationToken.None)).Select(row => row.StepId);

        Assert.Equal([come[0].StepId, stored[0], stored[2], come[1].StepId], given);
        Assert.Equal([stored[1], come[2].StepId], rest);
        var row = await host.RowAsync(come[0].StepId);
        Assert.Equal(("claimed", "pod-a", 1L, 1L), (row.Status, row.ClaimedBy, row.Fence, row.Attempts));
        Assert.NotNull(row.LeaseUntil);
    }

    [Fact]
    public async Task Whose_instant_has_come_stands_in_line_with_what_comes()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var (claims, waiting) = (host.Services.GetRequiredService<StepClaims>(), host.Services.GetRequiredService<WaitingClaims>());
        var request = new ClaimRequest("pod-a", FrozenSet.Create(StringComparer.Ordinal, FleetCalls.Elsewhere), Max: 1, Start: false);
        var ripe = (await host.RowAsync(await host.SubmitAsync())) with { StepId = "step_ripe", BuildId = "ripe", NotBefore = DateTimeOffset.UnixEpoch };
        await claims.ClaimNowAsync(request, CancellationToken.None);
        await host.Services.GetRequiredService<Database>().WriteAsync(sql => StepStore.InsertUnlessThereAsync(sql, ripe), CancellationToken.None);

        var claim = waiting.Enter(request);
        var come = Assert.Single(await host.Services.GetRequiredService<ISteps>().SubmitAsync([Step(9)], CancellationToken.None));
        Assert.Equal(come.StepId, Assert.Single(await claim.Made).StepId);
        claim = waiting.Enter(request);
        await host.Services.GetRequiredService<ISteps>().SubmitAsync([Step(-9)], CancellationToken.None);
        Assert.Equal(ripe.StepId, Assert.Single(await claim.Made).StepId);
    }

    [Fact]
    public async Task A_waiting_claim_takes_as_many_as_it_asked_for()
    {
        await using var host = await RefineryHost.StartAsync();
        var waiting = await WaitAsync(host, "pod-a", max: 3);
        await host.PostAsync("/api/queue/enqueue", Enumerable.Range(0, 5).Select(number => new { package = $"p{number}", version = "1" }));

        Assert.Equal(["p0", "p1", "p2"], (await waiting).Select(step => step.GetProperty("args").GetProperty("package").GetString()));
    }

    [Fact]
    public async Task A_paused_or_delayed_step_is_handed_to_nobody()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync($"/admin/types/{FleetCalls.Elsewhere}/pause");
        var waiting = await WaitAsync(host, "pod-a");
        var paused = await host.SubmitAsync();
        await host.SubmitAsync(new { type = "wheel_build", args = new { package = "later", version = "1" }, not_before = DateTimeOffset.UtcNow.AddHours(1) });
        var wheel = await host.SubmitAsync(new { type = "wheel_build", args = new { package = "now", version = "1" } });

        Assert.Equal(wheel, Assert.Single(await waiting).GetProperty("step_id").GetString());
        Assert.Equal("pending", await host.StatusAsync(paused));
    }

    [Fact]
    public async Task A_submission_that_fails_leaves_the_pod_waiting_for_the_next_one()
    {
        await using var host = await RefineryHost.StartAsync(("MAX_QUEUE_SIZE", "1"));
        await host.SubmitAsync(new { type = "nobody", args = new { } });
        var waiting = await WaitAsync(host, "pod-a");

        using var refused = await host.Http.PostAsJsonAsync("/submit", new { type = FleetCalls.Elsewhere, args = new { } });
        await host.PostAsync("/api/steps/claim", new { pod_id = "pod-b", kinds = new[] { "nobody" } });
        var stepId = await host.SubmitAsync();

        Assert.Equal(System.Net.HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal(stepId, Assert.Single(await waiting).GetProperty("step_id").GetString());
    }

    [Fact]
    public async Task What_was_handed_to_a_caller_who_has_left_waits_again()
    {
        await using var host = await RefineryHost.StartAsync();
        var claims = host.Services.GetRequiredService<StepClaims>();
        var waitingClaims = host.Services.GetRequiredService<WaitingClaims>();
        using var leaving = new CancellationTokenSource();
        var request = new ClaimRequest("pod-a", new HashSet<string> { FleetCalls.Elsewhere }.ToFrozenSet(), Max: 1, Start: false);
        var waiting = claims.ClaimAsync(request, TimeSpan.FromMinutes(1), leaving.Token);
        WaitingClaim? taken = null;
        await Wait.UntilAsync(() => Task.FromResult(waitingClaims.Take([FleetCalls.Elsewhere]) is [var one] && (taken = one) is not null));

        await leaving.CancelAsync();
        var stepId = await host.SubmitAsync();
        taken!.Answer(await host.Services.GetRequiredService<Database>().WriteAsync(
            async sql =>
            {
                var round = claims.Begin(sql, [request], isIdle: false);
                await round.GoOnAsync([], new Turns(sql));
                return claims.End(sql, round)[0];
            },
            CancellationToken.None));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        var row = await host.RowAsync(stepId);
        Assert.Equal(("pending", 0L), (row.Status, row.RetryCount));
        Assert.True((await host.Services.GetRequiredService<EventJournal>().VerifyAsync(CancellationToken.None)).Valid);
    }

    private static NewStep Step(int priority) => new() { Type = FleetCalls.Elsewhere, Args = StepJson.Parse("{}"), Priority = priority };

    /// <summary>Begins a long poll and returns once the host has it waiting.</summary>
    private static async Task<Task<IReadOnlyList<JsonElement>>> WaitAsync(RefineryHost host, string pod, int max = 1)
    {
        var waiting = host.Services.GetRequiredService<WaitingClaims>();
        var before = waiting.Count;
        var claim = ClaimAsync(host, pod, max, waitSeconds: 30);
        await Wait.UntilAsync(() => Task.FromResult(waiting.Count > before));
        return claim;
    }

    private static async Task<IReadOnlyList<JsonElement>> ClaimAsync(RefineryHost host, string pod, int max, double waitSeconds) =>
        [.. (await host.PostAsync("/api/steps/claim", new { pod_id = pod, kinds = new[] { FleetCalls.Elsewhere, "wheel_build" }, max, wait_seconds = waitSeconds })).EnumerateArray()];
}
