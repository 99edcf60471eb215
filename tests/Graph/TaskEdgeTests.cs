using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Tests.History;
using static Refinery.Tests.Graph.EventBundle;

namespace Refinery.Tests.Graph;

/// <summary>Where a run's plan lets a package wait for another, the run's tasks depend on each other.</summary>
public sealed class TaskEdgeTests
{
    private static readonly string[] Tables = ["edges", "graph_counts", "nodes", "plan_edges", "run_tasks"];
    private static readonly string[] NumpyWaits = ["""{"from":"numpy","to":"cython"}"""];

    [Theory]
    [InlineData("plan", "numpy", "cython")]
    [InlineData("plan", "cython", "numpy")]
    [InlineData("numpy", "plan", "cython")]
    [InlineData("numpy", "cython", "plan")]
    [InlineData("cython", "plan", "numpy")]
    [InlineData("cython", "numpy", "plan")]
    public async Task The_edge_is_the_same_in_whatever_order_plan_and_tasks_come_and_as_old_as_the_latest(params string[] order)
    {
        await using var host = await StartHostAsync();
        var tasks = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var what in order)
        {
            if (what == "plan")
            {
                await PlanAsync(host, NumpyWaits);
            }
            else
            {
                tasks[what] = await EnqueueAsync(host, what);
            }
        }

        var latest = (await JournalAsync(host)).Where(link => link.EventType is "plan.saved" or "task.created").Max(link => link.Timestamp);
        var before = await ProjectionTables.DumpAsync(host, Tables);
        await host.Services.GetRequiredService<EventJournal>().RebuildAsync(CancellationToken.None);

        Assert.Equal([tasks["cython"]], await AwaitedAsync(host, tasks["numpy"]));
        Assert.Equal([tasks["cython"]], await AwaitedAsync(host, tasks["numpy"], latest));
        Assert.Empty(await AwaitedAsync(host, order[^1] == "numpy" ? tasks["cython"] : tasks["numpy"], latest.AddMicroseconds(-1)));
        Assert.Empty(await AwaitedAsync(host, tasks["cython"]));
        Assert.Equal(3, await CountAsync(host, $"?at={Instant.Format(latest)}"));
        Assert.True(await CountAsync(host, $"?at={Instant.Format(latest.AddMicroseconds(-1))}") < 3);
        Assert.Equal(3, await CountAsync(host));
        Assert.Equal(before, await ProjectionTables.DumpAsync(host, Tables));
    }

    [Theory]
    [InlineData("""["numpy","cython"]""", true)]
    [InlineData("""{"from":"NumPy","to":"Cython","why":"it is compiled"}""", true)]
    [InlineData("""["numpy==1.0","cython==1.0"]""", true)]
    [InlineData("""["numpy==2.0","cython"]""", false)]
    [InlineData("""["numpy","cython==1"]""", false)]
    [InlineData("""["numpy>=1","cython"]""", false)]
    [InlineData("""["numpy","cython","gcc"]""", false)]
    [InlineData("""["numpy",7]""", false)]
    [InlineData("""{"from":{"name":"numpy"},"to":"cython"}""", false)]
    [InlineData("""{"to":"numpy","for":"cython"}""", false)]
    [InlineData("\"numpy -> cython\"", false)]
    [InlineData("""["numpy","numpy"]""", false)]
    [InlineData("""["../numpy","cython"]""", false)]
    [InlineData("null", false)]
    public async Task Of_the_forms_of_an_edge_some_are_read(string edge, bool isRead)
    {
        await using var host = await StartHostAsync();
        var numpy = await EnqueueAsync(host, "numpy");
        var cython = await EnqueueAsync(host, "cython");

        await PlanAsync(host, [edge, edge]);

        Assert.Equal(isRead ? [cython] : [], await AwaitedAsync(host, numpy));
    }

    [Fact]
    public async Task Every_task_for_a_package_gets_the_edge_in_its_own_run_only()
    {
        await using var host = await StartHostAsync();
        var others = await EnqueueAsync(host, "numpy", run: "r2");
        var first = await EnqueueAsync(host, "Num_Py");
        await PlanAsync(host, ["""["num-py","cython"]""", """["num-py==1.0","cython"]"""]);
        await PlanAsync(host, ["""["num-py","cython"]"""]);
        var cythons = new[] { await EnqueueAsync(host, "cython"), await EnqueueAsync(host, "Cython") };
        var second = await EnqueueAsync(host, "num.py");

        Assert.Equal(cythons.Order(StringComparer.Ordinal), await AwaitedAsync(host, first));
        Assert.Equal(cythons.Order(StringComparer.Ordinal), await AwaitedAsync(host, second));
        Assert.Empty(await AwaitedAsync(host, others));
        Assert.Equal(5 + 4, await CountAsync(host));
    }

    [Fact]
    public async Task Who_waits_for_a_task_says_nothing_of_its_status()
    {
        await using var host = await StartHostAsync();
        await PlanAsync(host, NumpyWaits);
        var cython = await EnqueueAsync(host, "cython");
        var alone = (await host.GetAsync($"/api/graph/nodes/{cython}")).GetProperty("node").GetRawText();

        await EnqueueAsync(host, "numpy");

        Assert.Equal(alone, (await host.GetAsync($"/api/graph/nodes/{cython}")).GetProperty("node").GetRawText());
    }

    [Fact]
    public async Task Plans_and_tasks_of_executors_draw_no_edge_between_ours()
    {
        await using var host = await StartHostAsync();
        var numpy = await EnqueueAsync(host, "numpy");
        await EnqueueAsync(host, "cython");
        var saved = JsonElement.Parse("""{"plan_id":"p","run_id":"r1","plan":[],"edges":[["numpy","cython"],["gcc","numpy"]]}""");

        await SendAsync(host, [Event("e1", "plan.saved", "2026-01-24T10:00:00Z", saved), Event("e2", "task.created", "2026-01-24T10:00:00Z", new { task_id = "t", run_id = "r1", package = "cython" })]);
        var without = await AwaitedAsync(host, numpy);
        await PlanAsync(host, ["""["numpy","gcc"]""", """["cython","numpy"]"""]);

        Assert.Empty(without);
        Assert.Empty(await AwaitedAsync(host, "t"));
    }

    private static Task<JsonElement> PlanAsync(RefineryHost host, IEnumerable<string> edges) => host.PostAsync(
        "/api/plan", new { run_id = "r1", plan = new[] { new { name = "numpy", action = "build" } }, edges = edges.Select(edge => JsonElement.Parse(edge)) });

    private static async Task<string> EnqueueAsync(RefineryHost host, string package, string run = "r1") =>
        (await host.PostAsync("/api/queue/enqueue", new { package, version = "1.0", run_id = run })).GetProperty("step_id").GetString()!;

    /// <summary>The tasks that a task depends on; what else it depends on is its package.</summary>
    private static async Task<IReadOnlyList<string>> AwaitedAsync(RefineryHost host, string taskId, DateTimeOffset? at = null) =>
    [
        .. (await host.GetAsync($"/api/graph/nodes/{taskId}{(at is { } then ? $"?at={Instant.Format(then)}" : string.Empty)}")).GetProperty("edges").EnumerateArray()
            .Where(edge => edge.GetProperty("edge_type").GetString() == "DEPENDS_ON" && edge.GetProperty("source").GetString() == taskId)
            .Select(edge => edge.GetProperty("target").GetString()!)
            .Where(target => target.StartsWith("step_", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    private static async Task<long> CountAsync(RefineryHost host, string query = "") =>
        (await host.GetAsync($"/api/graph/summary{query}")).GetProperty("edges_by_type").GetProperty("DEPENDS_ON").GetInt64();

    private static Task<IReadOnlyList<JournalEvent>> JournalAsync(RefineryHost host) =>
        host.Services.GetRequiredService<EventJournal>().ListAfterAsync(0, 10_000, CancellationToken.None);
}
