using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>Pods register by beating, and say how they are.</summary>
public sealed class PodTests
{
    [Theory]
    [InlineData("1", 1)]
    [InlineData("4", 3)]
    [InlineData("9", 7)]
    [InlineData("10", 8)]
    public async Task A_pod_runs_eighty_percent_of_what_it_could(string parallelism, int capacity)
    {
        await using var host = await RefineryHost.StartAsync(("FLEET_Q_MAX_PARALLELISM", parallelism));

        var health = await host.GetAsync("/health");
        var pod = Assert.Single((await host.GetAsync("/api/pods")).EnumerateArray());

        Assert.Equal(capacity, health.GetProperty("max_capacity").GetInt32());
        Assert.Equal(capacity, pod.GetProperty("capacity").GetInt32());
        Assert.Equal(health.GetProperty("pod_id").GetString(), pod.GetProperty("pod_id").GetString());
        Assert.True(pod.GetProperty("is_leader").GetBoolean());
    }

    [Fact]
    public async Task A_pod_whose_every_slot_is_busy_still_beats()
    {
        await using var host = await RefineryHost.StartAsync(
            ("FLEET_Q_MAX_PARALLELISM", "1"), ("FLEET_Q_HEARTBEAT_SEC", "1"), ("FLEET_Q_LEASE_SEC", "2"), ("SHUTDOWN_GRACE_SEC", "0"));
        var stepId = await host.SubmitAsync(new { type = "hello_world", args = new { sleep_ms = 600_000 } });
        await Wait.UntilAsync(async () => (await host.GetAsync("/health")).GetProperty("current_capacity").GetInt32() == 1);
        var busySince = await BeatAsync(host);

        // Beyond its lease, so that each beat has prolonged it.
        await Wait.UntilAsync(async () => await BeatAsync(host) > busySince.AddSeconds(3));

        Assert.Equal(1, (await host.RowAsync(stepId)).Attempts);
        Assert.Equal("claimed", await host.StatusAsync(stepId));
    }

    [Fact]
    public async Task A_pod_that_is_not_heard_is_unhealthy_until_it_is_heard_again()
    {
        await using var host = await RefineryHost.StartAsync(("FLEET_Q_HEARTBEAT_SEC", "1"), ("FLEET_Q_DEAD_AFTER_SEC", "2"));
        var gate = new TaskCompletionSource();
        var blocked = host.Database.WriteAsync(async _ => { await gate.Task; return 0; }, CancellationToken.None);

        await Wait.UntilAsync(async () => await HealthAsync(host) is (HttpStatusCode.ServiceUnavailable, "unhealthy"));
        gate.SetResult();
        await blocked;

        await Wait.UntilAsync(async () => await HealthAsync(host) is (HttpStatusCode.OK, "healthy"));
    }

    [Fact]
    public async Task A_pod_elsewhere_that_drains_says_so()
    {
        await using var host = await RefineryHost.StartAsync();

        await host.PostAsync("/api/pods/heartbeat", new { pod_id = "pod-r", kinds = new[] { "x" }, capacity = 4, running = 1, draining = true });

        var pods = (await host.GetAsync("/api/pods")).EnumerateArray().ToList();
        Assert.Equal(("pod-r", "draining", true), (pods[1].GetProperty("pod_id").GetString(), pods[1].GetProperty("state").GetString(), pods[1].GetProperty("alive").GetBoolean()));
    }

    [Fact]
    public async Task A_pod_that_drains_and_names_its_steps_gives_back_what_else_it_was_given()
    {
        await using var host = await RefineryHost.StartAsync();
        var (kept, lost) = (await host.SubmitAsync(), await host.SubmitAsync());
        await host.ClaimAsync("pod-r", max: 2);

        await host.PostAsync("/api/pods/heartbeat", new { pod_id = "pod-r", kinds = new[] { "x" }, capacity = 4, running = 1, draining = true, steps = new[] { kept } });

        var given = await host.RowAsync(lost);
        Assert.Equal(("claimed", "pending", 0L), (await host.StatusAsync(kept), given.Status, given.RetryCount));
    }

    [Fact]
    public async Task A_server_that_starts_lets_the_lease_of_a_pod_elsewhere_begin_anew()
    {
        using var folder = new TemporaryFolder();
        var first = await RefineryHost.StartAsync(folder, ("FLEET_Q_LEASE_SEC", "6"));
        var stepId = await first.SubmitAsync();
        await first.ClaimAsync("pod-r");
        var before = (await first.RowAsync(stepId)).LeaseUntil;
        await first.StopAsync();

        var second = await RefineryHost.StartAsync(folder, ("FLEET_Q_LEASE_SEC", "3600"));
        var row = await second.RowAsync(stepId);
        await second.StopAsync();

        Assert.Equal("claimed", row.Status);
        Assert.True(row.LeaseUntil > before + TimeSpan.FromMinutes(30), $"{before} became {row.LeaseUntil}.");
    }

    [Fact]
    public async Task A_clean_stop_leaves_no_pod_and_no_leader_behind()
    {
        using var folder = new TemporaryFolder();
        var first = await RefineryHost.StartAsync(folder, ("FLEET_Q_LEADER_LEASE_SEC", "60"));
        var before = await first.GetAsync("/admin/leader");
        await first.StopAsync();

        var second = await RefineryHost.StartAsync(folder, ("FLEET_Q_LEADER_LEASE_SEC", "60"));
        var after = await second.GetAsync("/admin/leader");
        await second.StopAsync();

        Assert.Equal((1L, 2L), (before.GetProperty("term").GetInt64(), after.GetProperty("term").GetInt64()));
        Assert.NotEqual(before.GetProperty("current_leader").GetString(), after.GetProperty("current_leader").GetString());
        Assert.Equal(1, after.GetProperty("active_pods").GetInt32());
    }

    [Fact]
    public async Task The_queues_figures_agree_with_each_other()
    {
        await using var host = await RefineryHost.StartAsync();
        foreach (var (type, priority) in new[] { ("elsewhere", 9), ("elsewhere", 9), ("elsewhere", 0), ("other", 0), ("other", -3), ("other", 5) })
        {
            await host.SubmitAsync(new { type, args = new { }, priority, max_retries = 0 });
        }

        await host.PostAsync("/api/pods/heartbeat", new { pod_id = "pod-a", kinds = new[] { "elsewhere" }, capacity = 4 });
        var claims = await host.ClaimAsync("pod-a", max: 2);
        await host.PostAsync($"/api/steps/{claims[0].GetProperty("step_id").GetString()}/fail", new { pod_id = "pod-a", fence = 1 });
        var figures = await host.GetAsync("/admin/queue");

        Assert.Equal((4, 1, 0, 1), (Number(figures, "pending_steps"), Number(figures, "claimed_steps"), Number(figures, "completed_steps"), Number(figures, "failed_steps")));
        Assert.Equal("""{"-3":1,"0":2,"5":1}""", Sorted(figures.GetProperty("queue_depth_by_priority")));
        Assert.Equal("""{"elsewhere":1,"other":3}""", Sorted(figures.GetProperty("steps_by_type")));
        Assert.Equal("""{"current":1,"max":4}""", figures.GetProperty("pod_capacity").GetProperty("pod-a").ToString());
        Assert.Equal(2, Number(figures, "active_pods"));
    }

    private static int Number(JsonElement figures, string member) => figures.GetProperty(member).GetInt32();

    private static string Sorted(JsonElement map) =>
        "{" + string.Join(',', map.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal).Select(member => $"\"{member.Name}\":{member.Value}")) + "}";

    private static async Task<DateTimeOffset> BeatAsync(RefineryHost host) =>
        (await host.GetAsync("/api/pods"))[0].GetProperty("last_heartbeat_ts").GetDateTimeOffset();

    private static async Task<(HttpStatusCode Status, string? Word)> HealthAsync(RefineryHost host)
    {
        using var answer = await host.Http.GetAsync("/health");
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("status").GetString());
    }
}
