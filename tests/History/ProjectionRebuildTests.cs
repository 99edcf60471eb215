using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;

namespace Refinery.Tests.History;

/// <summary>Every projection of every module follows from the journal alone.</summary>
public sealed class ProjectionRebuildTests
{
    [Fact]
    public async Task A_rebuild_leaves_every_projection_table_byte_for_byte_as_it_was()
    {
        await using var host = await RefineryHost.StartAsync(("FLEET_Q_BACKOFF_SEC", "0"));
        await LiveAsync(host);
        var tables = await ProjectionTables.ListAsync(host, _ => true);
        var before = ProjectionTables.Dump(host, tables);

        var replayed = await host.Services.GetRequiredService<EventJournal>().RebuildAsync(CancellationToken.None);

        Assert.True(replayed > 0);
        Assert.Contains("history", tables);
        Assert.Contains("history_hours", tables);
        Assert.Contains("history_packages", tables);
        Assert.Equal(before, ProjectionTables.Dump(host, tables));
    }

    /// <summary>Recorded events, and steps that succeed, fail, are retried and are cancelled, many at once so that commits group.</summary>
    private static async Task LiveAsync(RefineryHost host)
    {
        string[] words = ["built", "failed", "queued", "reused", "missing"];
        await Task.WhenAll(Enumerable.Range(0, 40).Select(index => host.PostAsync("/api/history", Enumerable.Range(0, 5).Select(part => new
        {
            name = $"Pkg_{index % 7}",
            version = $"{part}.0",
            status = words[(index + part) % words.Length],
            timestamp = $"2026-01-{(index % 28) + 1:00}T{part:00}:00:00Z",
            duration_ms = (index * 1.37) + part,
            run_id = part == 0 ? null : $"run-{index % 3}",
            metadata = new { index },
        }).ToArray())));
        await host.PostAsync("/api/queue/enqueue", Enumerable.Range(0, 6).Select(index => new
        {
            package = $"wheel{index}", version = "1.0", run_id = "run-9", max_retries = 1,
        }).ToArray());
        await Task.WhenAll((await ClaimAsync(host)).Select((claim, index) => EndAsync(host, claim, succeeds: index % 2 == 0)));
        await Task.WhenAll((await ClaimAsync(host)).Select(claim => EndAsync(host, claim, succeeds: false)));
        await host.PostAsync("/api/queue/enqueue", new { package = "late", version = "1.0" });
        await host.PostAsync("/api/queue/clear");
    }

    private static async Task<IReadOnlyList<JsonElement>> ClaimAsync(RefineryHost host) =>
        [.. (await host.PostAsync("/api/steps/claim", new { pod_id = "pod-a", kinds = new[] { "wheel_build" }, max = 50, wait_seconds = 5 })).EnumerateArray()];

    private static async Task EndAsync(RefineryHost host, JsonElement claim, bool succeeds)
    {
        var step = $"/api/steps/{claim.GetProperty("step_id").GetString()}";
        var fence = claim.GetProperty("fence").GetInt64();
        await host.PostAsync($"{step}/start", new { pod_id = "pod-a", fence });
        await host.PostAsync($"{step}/{(succeeds ? "complete" : "fail")}", new { pod_id = "pod-a", fence, detail = "So it ended.", duration_ms = 12 });
    }
}
