using System.Collections.Frozen;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Refinery.Fleet;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>How a pod elsewhere takes steps and reports on them, over the real port.</summary>
public sealed class WorkProtocolTests
{
    [Fact]
    public async Task A_claimed_step_is_completed_by_its_holder_and_by_nobody_else()
    {
        await using var host = await RefineryHost.StartAsync();
        var stepId = await SubmitAsync(host, "elsewhere");
        var claim = Assert.Single(await ClaimAsync(host, "pod-a", max: 5));

        using var stale = await host.Http.PostAsJsonAsync($"/api/steps/{stepId}/complete", new { pod_id = "pod-b", fence = 1 });
        var answer = await host.PostAsync($"/api/steps/{stepId}/complete", new { pod_id = "pod-a", fence = 1, detail = "Made." });
        using var again = await host.Http.PostAsJsonAsync($"/api/steps/{stepId}/complete", new { pod_id = "pod-a", fence = 1 });

        Assert.Equal(stepId, claim.GetProperty("step_id").GetString());
        Assert.Equal(HttpStatusCode.Conflict, stale.StatusCode);
        Assert.Equal("completed", answer.GetProperty("status").GetString());
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.Equal("completed", (await host.GetAsync($"/status/{stepId}")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Steps_are_claimed_by_priority_and_then_by_age()
    {
        await using var host = await RefineryHost.StartAsync();
        var low = await SubmitAsync(host, "elsewhere", priority: 0);
        var high = await SubmitAsync(host, "elsewhere", priority: 9);
        var later = await SubmitAsync(host, "elsewhere", priority: 9);

        var claimed = await ClaimAsync(host, "pod-a", max: 3);

        string[] expected = [high, later, low];
        Assert.Equal(expected.AsEnumerable(), claimed.Select(step => step.GetProperty("step_id").GetString()));
    }

    [Fact]
    public async Task A_long_poll_is_answered_as_soon_as_a_step_is_submitted()
    {
        await using var host = await RefineryHost.StartAsync();
        var poll = ClaimAsync(host, "pod-a", max: 1, waitSeconds: 30);

        var stepId = await SubmitAsync(host, "elsewhere");

        Assert.Equal(stepId, Assert.Single(await poll).GetProperty("step_id").GetString());
    }

    [Fact]
    public async Task A_failed_step_is_retried_and_ends_as_failed_when_no_retry_is_left()
    {
        await using var host = await RefineryHost.StartAsync(("FLEET_Q_BACKOFF_SEC", "0"));
        var stepId = await SubmitAsync(host, "elsewhere", maxRetries: 1);

        for (var attempt = 1; attempt <= 2; attempt++)
        {
            var claim = Assert.Single(await ClaimAsync(host, "pod-a", max: 1, waitSeconds: 5));
            Assert.Equal(attempt, claim.GetProperty("attempt").GetInt32());
            await host.PostAsync($"/api/steps/{stepId}/fail", new { pod_id = "pod-a", fence = attempt, detail = "No." });
        }

        var status = await host.GetAsync($"/status/{stepId}");
        Assert.Equal("failed", status.GetProperty("status").GetString());
        Assert.Equal(1, status.GetProperty("retry_count").GetInt32());
    }

    [Theory]
    [InlineData("""{"recipes":{"pip":["--index-url=http://x"]}}""", "'recipes.pip' holds '--index-url=http://x'")]
    [InlineData("""{"recipes":{"apt":["/tmp/x.deb"]}}""", "'recipes.apt' holds '/tmp/x.deb'")]
    [InlineData("""{"recipes":{"apt":null}}""", "'recipes.apt' is or holds null")]
    [InlineData("""{"recipes":{"brew":["x"]}}""", "'brew'")]
    [InlineData("""{"matched_hint_ids":["\u0007"]}""", "'matched_hint_ids'")]
    [InlineData("""{"matched_hint_ids":[null]}""", "'matched_hint_ids'")]
    public async Task A_report_whose_recipes_or_hints_are_wrong_is_refused_and_the_step_stays_held(string members, string says)
    {
        await using var host = await RefineryHost.StartAsync();
        var stepId = await SubmitAsync(host, "elsewhere");
        await ClaimAsync(host, "pod-a", max: 1);
        var body = JsonNode.Parse(members)!;
        body["pod_id"] = "pod-a";
        body["fence"] = 1;

        using var refused = await host.Http.PostAsJsonAsync($"/api/steps/{stepId}/fail", body);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains(says, (await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("claimed", (await host.GetAsync($"/status/{stepId}")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_heartbeat_names_the_leader_and_the_steps_that_are_the_pods_no_longer()
    {
        await using var host = await RefineryHost.StartAsync();
        var kept = await SubmitAsync(host, "elsewhere");
        var ended = await SubmitAsync(host, "elsewhere");
        var foreign = await SubmitAsync(host, "elsewhere");
        await ClaimAsync(host, "pod-a", max: 2);
        await ClaimAsync(host, "pod-b", max: 1);
        await host.PostAsync($"/api/steps/{ended}/complete", new { pod_id = "pod-a", fence = 1 });

        var answer = await host.PostAsync("/api/pods/heartbeat", new { pod_id = "pod-a", kinds = new[] { "elsewhere" }, capacity = 2, steps = new[] { kept, ended, foreign } });
        var silent = await host.PostAsync("/api/pods/heartbeat", new { pod_id = "pod-a", kinds = new[] { "elsewhere" }, capacity = 2 });

        string[] expected = [ended, foreign];
        Assert.Equal(expected.AsEnumerable(), answer.GetProperty("cancel").EnumerateArray().Select(stepId => stepId.GetString()));
        Assert.StartsWith("pod-", answer.GetProperty("leader").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, silent.GetProperty("cancel").GetArrayLength());
    }

    [Fact]
    public async Task A_pod_that_renews_a_step_cancelled_since_is_told_so()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"), ("FLEET_Q_BACKOFF_SEC", "300"));
        var stepId = (await host.PostAsync("/api/queue/enqueue", new { package = "numpy" })).GetProperty("step_id").GetString();
        await host.PostAsync("/api/steps/claim", new { pod_id = "pod-a", kinds = new[] { "wheel_build" }, max = 1 });
        await host.PostAsync($"/api/steps/{stepId}/fail", new { pod_id = "pod-a", fence = 1 });
        await host.PostAsync("/api/queue/clear");

        var answer = await host.PostAsync($"/api/steps/{stepId}/renew", new { pod_id = "pod-a", fence = 1 });
        using var stale = await host.Http.PostAsJsonAsync($"/api/steps/{stepId}/renew", new { pod_id = "pod-a", fence = 7 });

        Assert.True(answer.GetProperty("cancel_requested").GetBoolean());
        Assert.Equal(HttpStatusCode.Conflict, stale.StatusCode);
    }

    [Fact]
    public async Task The_queue_lists_what_is_due_before_what_waits_for_a_retry()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"), ("FLEET_Q_BACKOFF_SEC", "300"));
        var failed = (await host.PostAsync("/api/queue/enqueue", new { package = "failed", priority = 9 })).GetProperty("step_id").GetString();
        await host.PostAsync("/api/steps/claim", new { pod_id = "pod-a", kinds = new[] { "wheel_build" }, max = 1 });
        await host.PostAsync($"/api/steps/{failed}/fail", new { pod_id = "pod-a", fence = 1 });
        await host.PostAsync("/api/queue/enqueue", new { package = "low" });
        await host.PostAsync("/api/queue/enqueue", new { package = "high", priority = 5 });

        string[] all = ["high", "low", "failed"];
        Assert.Equal(all.AsEnumerable(), await QueueAsync(host, string.Empty));
        Assert.Equal(all[1..].AsEnumerable(), await QueueAsync(host, "?limit=2&offset=1"));
        Assert.Equal(all[2..].AsEnumerable(), await QueueAsync(host, "?limit=2&offset=2"));
        Assert.Empty(await QueueAsync(host, "?limit=2&offset=3"));
    }

    [Fact]
    public async Task A_result_whose_artifact_was_never_uploaded_is_refused()
    {
        await using var host = await RefineryHost.StartAsync();
        var stepId = await SubmitAsync(host, "elsewhere");
        await ClaimAsync(host, "pod-a", max: 1);
        var content = "a wheel"u8.ToArray();
        var sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content));
        var body = new { pod_id = "pod-a", fence = 1, artifacts = new[] { new { kind = "wheel", file_name = "a.whl", sha256, size_bytes = content.Length } } };

        using var refused = await host.Http.PostAsJsonAsync($"/api/steps/{stepId}/complete", body);
        using var put = await host.Http.PutAsync($"/api/artifacts/sha256/{sha256}", new ByteArrayContent(content));
        using var taken = await host.Http.PostAsJsonAsync($"/api/steps/{stepId}/complete", body);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains(sha256, await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
    }

    [Fact]
    public async Task A_step_claimed_for_a_caller_who_left_meanwhile_waits_again_with_all_its_retries()
    {
        await using var host = await RefineryHost.StartAsync();
        var stepId = await SubmitAsync(host, "elsewhere");
        var (begun, first, last, claimed) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        using var caller = new CancellationTokenSource();

        // While the first runs, the others gather in one group: the claim has run before the one behind it and is not committed.
        var before = host.Database.WriteAsync(async _ => { begun.TrySetResult(); await first.Task; return 0; }, CancellationToken.None);
        await begun.Task;
        var claim = host.Services.GetRequiredService<StepClaims>().ClaimOfAsync([stepId], new ClaimRequest("pod-a", FrozenSet<string>.Empty, Max: 1, Start: false), caller.Token);
        var behind = host.Database.WriteAsync(async _ => { claimed.SetResult(); await last.Task; return 0; }, CancellationToken.None);
        first.SetResult();
        await claimed.Task;
        await caller.CancelAsync();
        last.SetResult();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => claim);
        await Task.WhenAll(before, behind);
        var row = await host.RowAsync(stepId);
        Assert.Equal(("pending", 1L, 0L), (row.Status, row.Fence, row.RetryCount));
        Assert.Equal(stepId, Assert.Single(await ClaimAsync(host, "pod-b", max: 1)).GetProperty("step_id").GetString());
    }

    [Fact]
    public async Task The_first_word_of_a_stop_ends_claiming()
    {
        await using var host = await RefineryHost.StartAsync();

        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await host.Services.GetRequiredService<LocalPod>().ExecuteTask!.WaitAsync(TimeSpan.FromSeconds(30));
        var stepId = await SubmitAsync(host, "hello_world");

        Assert.Equal("pending", (await host.GetAsync($"/status/{stepId}")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Eight_pods_claim_a_thousand_steps_without_losing_or_sharing_one()
    {
        await using var host = await RefineryHost.StartAsync();
        var submitted = new List<string>();
        for (var index = 0; index < 1000; index++)
        {
            submitted.Add(await SubmitAsync(host, "elsewhere"));
        }

        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(pod => DrainAsync(host, $"pod-{pod}")));

        Assert.Equal(submitted.Order(StringComparer.Ordinal), claims.SelectMany(ids => ids).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_step_of_a_served_type_runs_here_at_once()
    {
        await using var host = await RefineryHost.StartAsync();

        var stepId = await SubmitAsync(host, "hello_world");

        await Wait.UntilAsync(async () => (await host.GetAsync($"/status/{stepId}")).GetProperty("status").GetString() == "completed");
    }

    [Fact]
    public async Task A_step_whose_pod_fell_silent_is_given_to_another()
    {
        await using var host = await RefineryHost.StartAsync(("FLEET_Q_LEASE_SEC", "2"), ("FLEET_Q_HEARTBEAT_SEC", "1"), ("FLEET_Q_RECOVERY_SEC", "1"), ("FLEET_Q_BACKOFF_SEC", "0"));
        var stepId = await SubmitAsync(host, "elsewhere");
        await ClaimAsync(host, "pod-dead", max: 1);

        var claim = Assert.Single(await ClaimAsync(host, "pod-b", max: 1, waitSeconds: 30));

        Assert.Equal(2, claim.GetProperty("fence").GetInt32());
        using var late = await host.Http.PostAsJsonAsync($"/api/steps/{stepId}/complete", new { pod_id = "pod-dead", fence = 1 });
        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);
    }

    private static async Task<IEnumerable<string?>> QueueAsync(RefineryHost host, string query) =>
        [.. (await host.GetAsync($"/api/queue{query}")).GetProperty("items").EnumerateArray().Select(item => item.GetProperty("package").GetString())];

    private static async Task<List<string>> DrainAsync(RefineryHost host, string pod)
    {
        var ids = new List<string>();
        while (await ClaimAsync(host, pod, max: 7) is { Count: > 0 } claimed)
        {
            ids.AddRange(claimed.Select(step => step.GetProperty("step_id").GetString()!));
        }

        return ids;
    }

    private static async Task<string> SubmitAsync(RefineryHost host, string type, int priority = 0, int maxRetries = 3)
    {
        var answer = await host.PostAsync("/submit", new { type, args = new { n = 1 }, priority, max_retries = maxRetries });
        return answer.GetProperty("step_id").GetString()!;
    }

    private static async Task<IReadOnlyList<JsonElement>> ClaimAsync(RefineryHost host, string pod, int max, int waitSeconds = 0)
    {
        var answer = await host.PostAsync("/api/steps/claim", new { pod_id = pod, kinds = new[] { "elsewhere" }, max, wait_seconds = waitSeconds });
        return [.. answer.EnumerateArray()];
    }
}
