using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;
using Refinery.Tests.History;
using static Refinery.Tests.Graph.EventBundle;

namespace Refinery.Tests.Graph;

/// <summary>Executors may name their events as ours are named; these are in the journal and the graph, and nowhere else.</summary>
public sealed partial class StrangersEventTests
{
    [Fact]
    public async Task Events_named_as_ours_change_no_table_but_the_graphs()
    {
        await using var host = await StartHostAsync(("FLEET_Q_BACKOFF_SEC", "0"));
        await LiveAsync(host);
        var own = await host.Services.GetRequiredService<EventJournal>().ListAfterAsync(0, 10_000, CancellationToken.None);
        var tables = (IReadOnlyList<string>)[.. await ProjectionTables.ListAsync(host, projection => projection.Name != "graph"), "steps"];
        var before = await ProjectionTables.DumpAsync(host, tables);

        foreach (var (number, link) in own.Where(link => link.EventType != "hint.seeded").Index())
        {
            var renamed = JsonElement.Parse(Id().Replace(link.Payload.ToElement().GetRawText(), "\"${name}\":\"x${value}\""));
            var (status, body) = await SendAsync(
                host, [Event($"same-{number}", link.EventType, link.TimestampText, link.Payload.ToElement()), Event($"renamed-{number}", link.EventType, link.TimestampText, renamed)]);
            Assert.True(status == 200, body.GetRawText());
        }

        var types = own.Select(link => link.EventType).ToHashSet(StringComparer.Ordinal);
        Assert.Superset(
            new HashSet<string>(StringComparer.Ordinal)
            {
                "hint.created", "hint.updated", "hint.deleted", "plan.saved", "manifest.saved", "history.recorded", "log.stored",
                "task.created", "task.updated", "attempt.created", "attempt.started", "attempt.succeeded", "attempt.failed",
            },
            types);
        Assert.Equal(before, await ProjectionTables.DumpAsync(host, tables));
    }

    [Fact]
    public async Task Ids_of_ours_that_a_stranger_has_used_before_keep_no_step_from_being_stored_and_run()
    {
        await using var host = await StartHostAsync();
        var first = (await host.PostAsync("/api/queue/enqueue", new { package = "a", version = "1" })).GetProperty("step_id").GetString();
        var attempt = $"{first}-1";
        await SendAsync(host, [Event("early", "attempt.created", "2026-01-24T10:00:00Z", new { attempt_id = attempt, task_id = first, mark = "a stranger's" })]);

        var second = (await host.PostAsync("/api/queue/enqueue", new { package = "b", version = "1" })).GetProperty("step_id").GetString();
        var claims = await host.PostAsync("/api/steps/claim", new { pod_id = "p", kinds = new[] { "wheel_build" }, max = 2 });

        Assert.Equal([first, second], claims.EnumerateArray().Select(claim => claim.GetProperty("step_id").GetString()));
        var node = (await host.GetAsync($"/api/graph/nodes/{attempt}")).GetProperty("node").GetProperty("properties");
        Assert.Equal(("a stranger's", "p"), (node.GetProperty("mark").GetString(), node.GetProperty("pod_id").GetString()));
        var counted = (await host.GetAsync("/api/graph/summary")).GetProperty("nodes_by_type");
        Assert.Equal((2, 2), (counted.GetProperty("Task").GetInt32(), counted.GetProperty("Attempt").GetInt32()));

        var tables = await ProjectionTables.ListAsync(host, projection => projection.Name == "graph");
        var before = await ProjectionTables.DumpAsync(host, tables);
        await host.Services.GetRequiredService<EventJournal>().RebuildAsync(CancellationToken.None);
        Assert.Equal(before, await ProjectionTables.DumpAsync(host, tables));
    }

    /// <summary>One of each kind of event.</summary>
    private static async Task LiveAsync(RefineryHost host)
    {
        var hint = (await host.PostAsync("/api/hints", new { pattern = "never seen", recipes = new { apt = new[] { "libx" } }, note = "n" })).GetProperty("id").GetString();
        using var changed = await host.Http.PutAsync($"/api/hints/{hint}", JsonBody("""{"pattern":"never heard","recipes":{"apt":["liby"]},"note":"m"}"""));
        using var deleted = await host.Http.DeleteAsync($"/api/hints/{hint}");
        await host.PostAsync("/api/hints", new { pattern = "kept", recipes = new { apt = new[] { "libz" } }, note = "k" });
        await host.PostAsync("/api/plan", new { run_id = "r", plan = new[] { new { name = "a", version = "1", python_tag = "py3", platform_tag = "any", action = "build" } } });
        await host.PostAsync("/api/manifest", new[] { new { name = "a", version = "1", wheel = "a-1-py3-none-any.whl", python_tag = "py3", platform_tag = "any", status = "built" } });
        await host.PostAsync("/api/history", new { name = "a", version = "1", status = "built" });
        await host.PostAsync("/api/logs", new { name = "a", version = "1", content = "a line" });
        await host.PostAsync("/api/queue/enqueue", Enumerable.Range(0, 3).Select(number => new { package = $"p{number}", version = "1" }).ToArray());
        foreach (var what in new[] { "complete", "fail" })
        {
            var claim = (await host.PostAsync("/api/steps/claim", new { pod_id = "p", kinds = new[] { "wheel_build" }, max = 1, wait_seconds = 5 }))[0];
            var step = $"/api/steps/{claim.GetProperty("step_id").GetString()}";
            var fence = claim.GetProperty("fence").GetInt64();
            await host.PostAsync($"{step}/start", new { pod_id = "p", fence });
            await host.PostAsync($"{step}/{what}", new { pod_id = "p", fence, detail = "So it ended.", max_retries = 0 });
        }

        await host.PostAsync("/api/queue/clear");
    }

    private static StringContent JsonBody(string text) => new(text, System.Text.Encoding.UTF8, "application/json");

    [GeneratedRegex(@"""(?<name>\w+_id)"":""(?<value>[^""]*)""", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Id();
}
