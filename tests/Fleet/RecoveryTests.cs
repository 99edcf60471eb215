using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>Recovery by hand: on the leader alone, one at a time, and every orphan once.</summary>
public sealed class RecoveryTests
{
    [Fact]
    public async Task A_dry_run_says_what_a_run_then_does_and_writes_nothing()
    {
        await using var host = await RecoveryYard.StartAsync();
        var spent = await host.OrphanAsync(2, maxRetries: 0);
        var orphans = await host.OrphanAsync(3);

        var before = await StateAsync(host);
        var foretold = await host.RecoverAsync(new { dry_run = true });
        var after = await StateAsync(host);
        var done = await host.RecoverAsync();

        Assert.Equal(before, after);
        Assert.Equal(Untimed(foretold), Untimed(done));
        Assert.Equal(orphans, done.Texts("requeued_steps"));
        Assert.Equal(spent, done.Texts("terminal_steps"));
        Assert.Equal((5, 3, 2), (Number(done, "orphaned_steps_found"), Number(done, "steps_requeued"), Number(done, "steps_marked_terminal")));
        Assert.Equal("pending", await host.StatusAsync(orphans[0]));
        Assert.Equal("failed", await host.StatusAsync(spent[0]));
    }

    [Fact]
    public async Task A_second_wish_gets_the_cycle_just_completed_unless_it_says_force()
    {
        await using var host = await RecoveryYard.StartAsync(("FLEET_Q_RECOVERY_SEC", "3600"));

        var first = await host.RecoverAsync();
        var second = await host.RecoverAsync(new { force = false });
        var forced = await host.RecoverAsync(new { force = true });

        Assert.Equal(first.ToString(), second.ToString());
        Assert.NotEqual(first.GetProperty("cycle_id").GetString(), forced.GetProperty("cycle_id").GetString());
        Assert.Matches("^recovery_[0-9]{10}$", forced.GetProperty("cycle_id").GetString());
    }

    [Fact]
    public async Task Off_the_leader_it_is_forbidden_and_nothing_is_recovered()
    {
        await using var host = await RecoveryYard.StartAsync();
        var stepId = Assert.Single(await host.OrphanAsync(1));

        // It still believes that it leads: the term alone stops it.
        Assert.True((await host.GetAsync("/health")).GetProperty("is_leader").GetBoolean());
        await host.UsurpAsync();
        using var refused = await host.TryRecoverAsync(new { force = true });

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal("permission_denied", (await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error_type").GetString());
        Assert.Equal(("claimed", 1L), ((await host.RowAsync(stepId)).Status, (await host.RowAsync(stepId)).Fence));
        Assert.Equal("pod-usurper", (await host.GetAsync("/admin/leader")).GetProperty("current_leader").GetString());
    }

    [Fact]
    public async Task While_one_runs_another_is_a_conflict()
    {
        await using var host = await RecoveryYard.StartAsync();
        var gate = new TaskCompletionSource();
        var blocked = host.Database.WriteAsync(async _ => { await gate.Task; return 0; }, CancellationToken.None);

        var wishes = Enumerable.Range(0, 4).Select(_ => host.TryRecoverAsync(new { force = true })).ToList();
        for (var refused = 0; refused < 3; refused++)
        {
            var wish = await Task.WhenAny(wishes);
            wishes.Remove(wish);
            Assert.Equal(HttpStatusCode.Conflict, (await wish).StatusCode);
        }

        gate.SetResult();
        await blocked;
        Assert.Equal(HttpStatusCode.OK, (await Assert.Single(wishes)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.TryRecoverAsync(new { force = true })).StatusCode);
    }

    [Fact]
    public async Task A_late_result_and_recovery_never_both_have_their_way()
    {
        await using var host = await RecoveryYard.StartAsync();
        var orphans = await host.OrphanAsync(100);

        var reports = orphans.Select(async stepId =>
        {
            using var answer = await host.Http.PostAsJsonAsync($"/api/steps/{stepId}/complete", new { pod_id = "pod-gone", fence = 1 });
            return (stepId, answer.StatusCode);
        }).ToList();
        var summary = await host.RecoverAsync(new { force = true });
        var accepted = (await Task.WhenAll(reports)).Where(report => report.StatusCode == HttpStatusCode.OK).Select(report => report.stepId).ToList();

        Assert.Equal(orphans.Order(StringComparer.Ordinal), accepted.Concat(summary.Texts("requeued_steps")).Order(StringComparer.Ordinal));
        foreach (var stepId in orphans)
        {
            var isAccepted = accepted.Contains(stepId, StringComparer.Ordinal);
            var row = await host.RowAsync(stepId);
            Assert.Equal((isAccepted ? "completed" : "pending", isAccepted ? 0 : 1), (row.Status, row.RetryCount));
        }
    }

    [Fact]
    public async Task A_silent_pod_is_found_dead_once_and_its_next_beat_revives_it()
    {
        await using var host = await RecoveryYard.StartAsync();
        await BeatAsync(host);
        await Wait.UntilAsync(async () => await PodAsync(host) is { } silent && !silent.GetProperty("alive").GetBoolean());

        var first = await host.RecoverAsync(new { force = true });
        var second = await host.RecoverAsync(new { force = true });
        await BeatAsync(host);

        Assert.Equal(["pod-r"], first.Texts("dead_pods"));
        Assert.Empty(second.Texts("dead_pods"));
        Assert.Equal("live", (await PodAsync(host)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task More_orphans_than_a_unit_takes_are_all_requeued()
    {
        await using var host = await RecoveryYard.StartAsync();
        await host.OrphanAsync(501);

        var summary = await host.RecoverAsync();

        Assert.Equal(501, Number(summary, "steps_requeued"));
    }

    private static Task<JsonElement> BeatAsync(RefineryHost host) => host.PostAsync("/api/pods/heartbeat", new { pod_id = "pod-r", kinds = new[] { "x" }, capacity = 2 });

    private static async Task<JsonElement> PodAsync(RefineryHost host) =>
        (await host.GetAsync("/api/pods")).EnumerateArray().Single(pod => pod.GetProperty("pod_id").GetString() == "pod-r");

    private static int Number(JsonElement summary, string member) => summary.GetProperty(member).GetInt32();

    private static string Untimed(JsonElement summary) => string.Join(
        '\n', summary.EnumerateObject().Where(member => member.Name is not ("cycle_id" or "duration_ms")).Select(member => member.ToString()));

    private static async Task<string> StateAsync(RefineryHost host)
    {
        var head = await host.Services.GetRequiredService<EventJournal>().HeadAsync(CancellationToken.None);
        var rows = await host.Database.ReadAsync(
            sql => sql.QueryAsync<string>("SELECT step_id || status || fence || retry_count || lease_until || updated_at FROM steps ORDER BY step_id"), CancellationToken.None);
        return $"{head}\n{string.Join('\n', rows)}";
    }
}
