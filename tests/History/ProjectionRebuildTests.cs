using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.History;

/// <summary>Every projection of every module follows from the journal alone.</summary>
public sealed class ProjectionRebuildTests
{
    /// <summary>Tables that are the truth themselves, or say where files lie here; every other is a projection's, and must be filled for the comparison to say anything.</summary>
    private static readonly string[] Truth = ["migrations", "events", "steps", "pods", "leaders", "submissions", "turns", "step_totals", "log_texts", "log_bodies", "log_parts", "live_logs", "live_log_pieces"];

    private static readonly byte[] Wheel = Encoding.UTF8.GetBytes("wheel");

    [Fact]
    public async Task A_rebuild_leaves_every_projection_table_byte_for_byte_as_it_was()
    {
        await using var host = await RefineryHost.StartAsync(("FLEET_Q_BACKOFF_SEC", "0"));
        await LiveAsync(host);
        await TellAsync(host);
        var tables = await ProjectionTables.ListAsync(host, _ => true);
        var before = await ProjectionTables.DumpAsync(host, tables);

        var replayed = await host.Services.GetRequiredService<EventJournal>().RebuildAsync(CancellationToken.None);

        Assert.True(replayed > 0);
        Assert.Equal([], (await TablesAsync(host)).Except(tables).Except(Truth));
        Assert.Equal(before, await ProjectionTables.DumpAsync(host, tables));
    }

    /// <summary>What else a journal tells of: a plan, a manifest, a log, a bundle.</summary>
    private static async Task TellAsync(RefineryHost host)
    {
        await host.PostAsync("/api/plan", new { run_id = "run-9", plan = new[] { new { name = "wheel0", action = "build" } }, edges = new[] { new { from = "wheel1", to = "wheel0" } } });
        await host.PostAsync("/api/manifest", new[] { new { name = "wheel0", version = "1.0", status = "built", run_id = "run-9" } });
        await host.PostAsync("/api/logs", new { name = "wheel0", version = "1.0", content = "It was built." });

        // So many that a tile of the journal's tree is full.
        await host.PostAsync("/api/history", Enumerable.Range(0, 200).Select(index => new { name = "many", version = $"{index}.0", status = "built" }).ToArray());
    }

    private static Task<IReadOnlyList<string>> TablesAsync(RefineryHost host) => host.Services.GetRequiredService<Database>().ReadAsync(
        ProjectionTables.NamesAsync, CancellationToken.None);

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
        using var stored = await host.Http.PutAsync($"/api/artifacts/sha256/{Convert.ToHexStringLower(SHA256.HashData(Wheel))}", new ByteArrayContent(Wheel) { Headers = { ContentType = new("application/octet-stream") } });
        Assert.True(stored.IsSuccessStatusCode);
        await host.PostAsync("/api/queue/enqueue", Enumerable.Range(0, 6).Select(index => new
        {
            package = $"wheel{index}", version = "1.0", run_id = "run-9", max_retries = 1,
        }).ToArray());
        await Task.WhenAll((await ClaimAsync(host)).Select((claim, index) => EndAsync(host, claim, succeeds: index % 2 == 0)));
        await Task.WhenAll((await ClaimAsync(host)).Select(claim => EndAsync(host, claim, succeeds: false)));
        await host.PostAsync("/api/queue/enqueue", new { package = "late", version = "1.0" });
        await host.PostAsync("/api/queue/clear");
        await host.PostAsync("/admin/types/deploy/pause", new { reason = "The cluster is upgraded." });
        await host.PostAsync("/admin/types/notify/pause");
        await host.PostAsync("/admin/types/notify/resume");
    }

    private static async Task<IReadOnlyList<JsonElement>> ClaimAsync(RefineryHost host) =>
        [.. (await host.PostAsync("/api/steps/claim", new { pod_id = "pod-a", kinds = new[] { "wheel_build" }, max = 50, wait_seconds = 5 })).EnumerateArray()];

    private static async Task EndAsync(RefineryHost host, JsonElement claim, bool succeeds)
    {
        var step = $"/api/steps/{claim.GetProperty("step_id").GetString()}";
        var fence = claim.GetProperty("fence").GetInt64();
        await host.PostAsync($"{step}/start", new { pod_id = "pod-a", fence });
        var wheel = new { kind = "wheel", file_name = $"{claim.GetProperty("args").GetProperty("package").GetString()}-1.0-py3-none-any.whl", sha256 = Convert.ToHexStringLower(SHA256.HashData(Wheel)), size_bytes = Wheel.Length };
        await host.PostAsync(
            $"{step}/{(succeeds ? "complete" : "fail")}",
            new { pod_id = "pod-a", fence, detail = "So it ended.", duration_ms = 12, artifacts = succeeds ? new[] { wheel } : [] });
    }
}
