using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Fleet;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Work;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>The figures of the queue agree with its steps after a restart and a rebuild, and nothing is kept of types that are gone.</summary>
public sealed class StepCountersTests
{
    [Fact]
    public async Task A_type_of_which_no_step_is_left_is_forgotten()
    {
        await using var host = await RefineryHost.StartAsync();
        foreach (var type in Enumerable.Range(0, 20).Select(index => $"type-{index}"))
        {
            await host.SubmitAsync(new { type, args = new { }, priority = 3 });
            var claim = (await host.PostAsync("/api/steps/claim", new { pod_id = "pod-a", kinds = new[] { type } }))[0];
            await host.PostAsync($"/api/steps/{claim.GetProperty("step_id").GetString()}/complete", new { pod_id = "pod-a", fence = 1 });
        }

        Assert.Equal(0, host.Services.GetRequiredService<StepCounters>().Known);
        Assert.Equal(20, (await host.GetAsync("/admin/queue")).GetProperty("completed_steps").GetInt32());
    }

    [Fact]
    public async Task The_figures_survive_a_restart_and_follow_from_the_journal()
    {
        using var folder = new TemporaryFolder();
        var first = await RefineryHost.StartAsync(folder, ("FLEET_Q_BACKOFF_SEC", "300"), ("FLEET_Q_LEASE_SEC", "3600"));
        var before = await WorkAsync(first);
        await first.StopAsync();

        var second = await RefineryHost.StartAsync(folder, ("FLEET_Q_LEASE_SEC", "3600"));
        var restarted = await FiguresAsync(second);
        await second.Services.GetRequiredService<EventJournal>().RebuildAsync(CancellationToken.None);
        var rebuilt = await FiguresAsync(second);
        await second.StopAsync();

        Assert.Equal((3, 1, 1, 2), (Number(before, "pending_steps"), Number(before, "claimed_steps"), Number(before, "completed_steps"), Number(before, "failed_steps")));
        Assert.Equal(before.ToString(), restarted.ToString());
        Assert.Equal(before.ToString(), rebuilt.ToString());
    }

    /// <summary>Of seven steps one is ready, one in backoff, one replayed, one held, one completed, one failed, and one was cancelled while it was held.</summary>
    private static async Task<JsonElement> WorkAsync(RefineryHost host)
    {
        for (var priority = 7; priority > 0; priority--)
        {
            await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, priority, max_retries = priority == 7 ? 1 : 0, metadata = new { parser_id = $"p{priority}" } });
        }

        var claims = (await host.ClaimAsync("pod-a", max: 6)).Select(claim => claim.GetProperty("step_id").GetString()!).ToList();
        foreach (var failing in claims[..3])
        {
            await host.PostAsync($"/api/steps/{failing}/fail", new { pod_id = "pod-a", fence = 1 });
        }

        await host.PostAsync($"/admin/dead-letters/{claims[1]}/replay");
        await host.PostAsync($"/api/steps/{claims[3]}/complete", new { pod_id = "pod-a", fence = 1 });
        await host.Services.GetRequiredService<IStepCancel>().CancelAsync(claims[4], "test", "Not needed.", CancellationToken.None);
        return await FiguresAsync(host);
    }

    /// <summary>The figures of the steps alone, whose maps come in any order.</summary>
    private static async Task<JsonElement> FiguresAsync(RefineryHost host)
    {
        var figures = await host.GetAsync("/admin/queue");
        return JsonSerializer.SerializeToElement(new SortedDictionary<string, JsonElement>(
            figures.EnumerateObject().Where(member => member.Name.EndsWith("_steps", StringComparison.Ordinal)).ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal), StringComparer.Ordinal)
        {
            ["priorities"] = Sorted(figures.GetProperty("queue_depth_by_priority")),
            ["types"] = Sorted(figures.GetProperty("steps_by_type")),
        });
    }

    private static JsonElement Sorted(JsonElement map) => JsonSerializer.SerializeToElement(
        new SortedDictionary<string, long>(map.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetInt64(), StringComparer.Ordinal), StringComparer.Ordinal));

    private static int Number(JsonElement figures, string member) => figures.GetProperty(member).GetInt32();
}
