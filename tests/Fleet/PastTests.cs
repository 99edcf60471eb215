using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Work;
using Refinery.Tests.Chaos;
using Refinery.Tests.Graph;

namespace Refinery.Tests.Fleet;

/// <summary>A step as it was at an instant is what was said of it at that instant, whatever came of it later.</summary>
public sealed class PastTests
{
    [Fact]
    public async Task A_step_that_is_renewed_and_completes()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var past = await PastStepWatch.SubmitAsync(host, new { type = FleetCalls.Elsewhere, args = new { x = 1.5 }, metadata = new { owner = "alice" }, priority = 7, max_retries = 2 });

        await past.ClaimAsync();
        await past.TellAsync("renew");
        await past.TellAsync("start");
        await past.TellAsync("complete", new { detail = "It is done.", duration_ms = 12 });

        await past.AssertAsync("pending", "claimed", "claimed", "running", "completed");
        var attempt = Assert.Single((await past.NowAsync()).GetProperty("attempts").EnumerateArray());
        Assert.Equal(
            ($"{past.StepId}-1", 1, "succeeded", "pod-1", "It is done.", 12),
            (Text(attempt, "attempt_id"), attempt.GetProperty("attempt_number").GetInt32(), Text(attempt, "status"), Text(attempt, "pod_id"), Text(attempt, "detail"), attempt.GetProperty("duration_ms").GetInt32()));
    }

    [Fact]
    public async Task A_step_that_fails_after_its_retries_and_is_replayed()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"), ("FLEET_Q_BACKOFF_SEC", "0"));
        var past = await PastStepWatch.SubmitAsync(host, new { type = FleetCalls.Elsewhere, args = new { }, max_retries = 1 });

        await past.ClaimAsync();
        await past.TellAsync("fail", new { detail = "No.", failure_reason = "bad_header", matched_hint_ids = new[] { "h1", "h2" } });
        await past.ClaimAsync();
        await past.TellAsync("fail", new { detail = "No again." });
        await past.DoAsync(() => host.PostAsync($"/admin/dead-letters/{past.StepId}/replay"));
        await past.ClaimAsync();
        await past.TellAsync("complete");

        await past.AssertAsync("pending", "claimed", "pending", "claimed", "failed", "pending", "claimed", "completed");
        var attempts = (await past.NowAsync()).GetProperty("attempts");
        Assert.Equal(["failed", "failed", "succeeded"], attempts.EnumerateArray().Select(attempt => Text(attempt, "status")));
        Assert.Equal(["h1", "h2"], attempts[0].Texts("matched_hint_ids"));
        Assert.Equal(("No.", "bad_header", "failed"), (Text(attempts[0], "detail"), Text(attempts[0], "failure_reason"), Text(attempts[1], "failure_reason")));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_step_that_is_cancelled_while_it_waits_is_held_or_runs(int said)
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var past = await PastStepWatch.SubmitAsync(host);

        if (said > 0)
        {
            await past.ClaimAsync(start: said > 1);
        }

        await past.DoAsync(() => host.Services.GetRequiredService<IStepCancel>().CancelAsync(past.StepId, "alice", "Not wanted.", CancellationToken.None));

        await past.AssertAsync([.. new[] { "pending", said > 1 ? "running" : "claimed" }[..Math.Min(said + 1, 2)], "cancelled"]);
        Assert.Equal("Not wanted.", Text(await past.NowAsync(), "detail"));
    }

    [Fact]
    public async Task A_step_that_loses_its_worker_is_given_back_and_dies()
    {
        await using var host = await RecoveryYard.StartAsync();
        var past = await PastStepWatch.SubmitAsync(host, new { type = FleetCalls.Elsewhere, args = new { }, max_retries = 1 });

        await past.ClaimAsync(start: true);
        await past.TellAsync("release");
        for (var lost = 0; lost < 2; lost++)
        {
            await past.ClaimAsync();
            await Wait.UntilAsync(async () => (await host.RowAsync(past.StepId)).LeaseUntil < TimeProvider.System.GetUtcNow());
            await past.DoAsync(() => host.RecoverAsync(new { force = true }));
        }

        await past.AssertAsync("pending", "running", "pending", "claimed", "pending", "claimed", "failed");
        Assert.Equal("worker_lost", Text((await past.NowAsync()).GetProperty("attempts")[2], "failure_reason"));
    }

    [Fact]
    public async Task A_step_of_a_paused_type_whose_pod_drains()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var past = await PastStepWatch.SubmitAsync(host);

        await past.DoAsync(() => host.PostAsync($"/admin/types/{FleetCalls.Elsewhere}/pause", new { reason = "The cluster is upgraded." }));
        await past.DoAsync(() => host.PostAsync($"/admin/types/{FleetCalls.Elsewhere}/resume"));
        await past.ClaimAsync();
        await past.DoAsync(() => host.PostAsync(
            "/api/pods/heartbeat", new { pod_id = past.PodId, kinds = new[] { FleetCalls.Elsewhere }, capacity = 1, running = 0, version = "1", steps = Array.Empty<string>(), draining = true }));
        await past.ClaimAsync();
        await past.DoAsync(() => host.PostAsync("/api/steps/complete", new[] { new { step_id = past.StepId, pod_id = past.PodId, fence = past.Fence, succeeded = true } }));

        await past.AssertAsync("pending", "pending", "pending", "claimed", "pending", "claimed", "completed");
    }

    [Fact]
    public async Task A_delayed_step_and_a_wheel_build_that_is_cleared()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var delayed = await PastStepWatch.SubmitAsync(host, new { type = FleetCalls.Elsewhere, args = new { }, not_before = "2099-01-01T00:00:00Z" });
        var build = await PastStepWatch.OfAsync(host, Text(await host.PostAsync("/api/queue/enqueue", new { package = "MarkupSafe", version = "2.1.5", recipes = new[] { "apt:libffi-dev" } }), "step_id")!);

        await build.DoAsync(() => host.PostAsync("/api/queue/clear"));

        await delayed.AssertAsync("pending");
        await build.AssertAsync("pending", "cancelled");
    }

    [Trait("Engine", "sqlite")]
    [Fact]
    public async Task The_past_outlives_a_lost_database()
    {
        using var folder = new TemporaryFolder();
        var before = await RefineryHost.StartAsync(folder, ("LOCAL_WORKER", "0"));
        var past = await PastStepWatch.SubmitAsync(before);
        await past.ClaimAsync();
        await before.StopAsync();
        Directory.EnumerateFiles(folder.Path, "refinery.db*").ToList().ForEach(File.Delete);

        var host = await RefineryHost.StartAsync(folder, ("LOCAL_WORKER", "0"));
        past = past.In(host);
        await past.DoAsync(() => Task.CompletedTask);

        await past.AssertAsync("pending", "claimed", "pending");
        await host.StopAsync();
    }

    [Fact]
    public async Task Before_it_was_made_and_where_there_is_none_it_is_404_and_a_bad_instant_400()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var stepId = await host.SubmitAsync();

        using var before = await host.Http.GetAsync($"/api/steps/{stepId}?at=1000000000.5");
        using var unknown = await host.Http.GetAsync("/api/steps/nobody");
        using var bad = await host.Http.GetAsync($"/api/steps/{stepId}?at=yesterday");

        Assert.Equal((HttpStatusCode.NotFound, $"Step '{stepId}' did not exist yet at 2001-09-09T01:46:40.500000Z."), (before.StatusCode, await DetailAsync(before)));
        Assert.Equal((HttpStatusCode.NotFound, "Step 'nobody' does not exist."), (unknown.StatusCode, await DetailAsync(unknown)));
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
        Assert.Contains("'at'", await DetailAsync(bad), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_of_executors_that_name_the_step_and_its_attempts_change_nothing()
    {
        await using var host = await EventBundle.StartHostAsync();
        var past = await PastStepWatch.SubmitAsync(host);
        await past.ClaimAsync();
        var before = (await past.NowAsync()).GetRawText();
        var strange = Enumerable.Range(0, 1_000).Select(number => EventBundle.Event(
            $"attempt-{number}", "attempt.created", "2026-01-24T10:00:00Z", new { attempt_id = $"a{number}", task_id = past.StepId, attempt_number = number, pod_id = "x" }));
        object[] named =
        [
            EventBundle.Event("made", "task.created", "2026-01-24T10:00:00Z", new { task_id = past.StepId, step_type = "other", args = new { }, metadata = new { } }),
            EventBundle.Event("told", "task.updated", "2126-01-24T10:00:00Z", new { task_id = past.StepId, status = "cancelled" }),
            EventBundle.Event("one", "attempt.succeeded", "2126-01-24T10:00:00Z", new { attempt_id = $"{past.StepId}-1", task_id = past.StepId, attempt_number = 1, status = "succeeded" }),
            EventBundle.Event("two", "attempt.created", "2126-01-24T10:00:00Z", new { attempt_id = $"{past.StepId}-2", task_id = past.StepId, attempt_number = 2, status = "created" }),
        ];

        var (status, body) = await EventBundle.SendAsync(host, [.. strange, .. named]);

        Assert.True(status == 200, body.GetRawText());
        Assert.Equal(before, (await past.NowAsync()).GetRawText());
        await past.TellAsync("complete");
        await past.AssertAsync("pending", "claimed", "completed");
    }

    private static async Task<string?> DetailAsync(HttpResponseMessage response) => Text(JsonElement.Parse(await response.Content.ReadAsStringAsync()), "detail");

    private static string? Text(JsonElement owner, string member) => owner.GetProperty(member).GetString();
}
