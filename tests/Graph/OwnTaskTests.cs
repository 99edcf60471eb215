using System.Text.Json;
using static Refinery.Tests.Graph.EventBundle;

namespace Refinery.Tests.Graph;

/// <summary>A step of ours as a task of the graph: its status follows from what became of its attempts.</summary>
public sealed class OwnTaskTests
{
    [Fact]
    public async Task A_task_is_pending_then_in_progress_then_completed()
    {
        await using var host = await StartHostAsync();
        var stepId = await EnqueueAsync(host);
        var seen = new List<string?> { await StatusAsync(host, stepId) };

        var claim = await ClaimAsync(host);
        seen.Add(await StatusAsync(host, stepId));
        await TellAsync(host, claim, "start");
        seen.Add(await StatusAsync(host, stepId));
        await TellAsync(host, claim, "complete");
        seen.Add(await StatusAsync(host, stepId));

        Assert.Equal(["pending", "in_progress", "in_progress", "completed"], seen);
    }

    [Fact]
    public async Task A_task_that_failed_is_pending_while_it_is_tried_again_and_failed_after_its_last_attempt()
    {
        await using var host = await StartHostAsync(("FLEET_Q_BACKOFF_SEC", "0"));
        var stepId = await EnqueueAsync(host, maxRetries: 1);

        await TellAsync(host, await ClaimAsync(host), "fail");
        var afterFirst = await StatusAsync(host, stepId);
        await TellAsync(host, await ClaimAsync(host), "fail");

        Assert.Equal("pending", afterFirst);
        Assert.Equal("failed", await StatusAsync(host, stepId));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cancelled_task_is_blocked(bool isClaimed)
    {
        await using var host = await StartHostAsync();
        var stepId = await EnqueueAsync(host);
        if (isClaimed)
        {
            await ClaimAsync(host);
        }

        await host.PostAsync($"/builds/{(await host.GetAsync("/builds")).GetProperty("builds")[0].GetProperty("id").GetString()}/cancel");

        Assert.Equal("blocked", await StatusAsync(host, stepId));
    }

    [Fact]
    public async Task A_strangers_attempt_says_nothing_about_a_task_of_ours()
    {
        await using var host = await StartHostAsync();
        var stepId = await EnqueueAsync(host);

        await SendAsync(host, [Event("e1", "attempt.created", "2026-01-24T10:00:00Z", new { attempt_id = "a1", task_id = stepId }), Event("e2", "attempt.failed", "2126-01-24T10:00:00Z", new { attempt_id = "a1", task_id = stepId })]);

        Assert.Equal("pending", await StatusAsync(host, stepId));
    }

    [Fact]
    public async Task Any_number_of_strangers_attempts_hides_none_of_ours()
    {
        await using var host = await StartHostAsync();
        var stepId = await EnqueueAsync(host);
        await SendAsync(host, [.. Enumerable.Range(0, 600).Select(number => Event($"e{number}", "attempt.created", "2026-01-24T10:00:00Z", new { attempt_id = $"a{number}", task_id = stepId }))]);

        await TellAsync(host, await ClaimAsync(host), "complete");

        Assert.Equal("completed", await StatusAsync(host, stepId));
    }

    private static async Task<string> EnqueueAsync(RefineryHost host, int maxRetries = 0) =>
        (await host.PostAsync("/api/queue/enqueue", new { package = "MarkupSafe", version = "2.1.5", max_retries = maxRetries })).GetProperty("step_id").GetString()!;

    private static async Task<JsonElement> ClaimAsync(RefineryHost host) =>
        (await host.PostAsync("/api/steps/claim", new { pod_id = "p", kinds = new[] { "wheel_build" }, max = 1, wait_seconds = 5 }))[0];

    private static Task<JsonElement> TellAsync(RefineryHost host, JsonElement claim, string what) => host.PostAsync(
        $"/api/steps/{claim.GetProperty("step_id").GetString()}/{what}", new { pod_id = "p", fence = claim.GetProperty("fence").GetInt64(), detail = "So it went." });

    private static async Task<string?> StatusAsync(RefineryHost host, string stepId) =>
        (await host.GetAsync($"/api/graph/nodes/{stepId}")).GetProperty("node").GetProperty("properties").TryGetProperty("status", out var status) ? status.GetString() : null;
}
