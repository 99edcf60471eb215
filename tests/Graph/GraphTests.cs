using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;
using static Refinery.Tests.Graph.EventBundle;

namespace Refinery.Tests.Graph;

/// <summary>What the graph says of the events it got.</summary>
public sealed class GraphTests
{
    private static readonly object[] Life =
    [
        Event("created", "attempt.created", "2026-01-24T10:00:00Z", new { attempt_id = "a1", node_id = "a1", node_type = "Attempt", task_id = "t1", status = "created", note = "first" }),
        Event("started", "attempt.started", "2026-01-24T10:01:00Z", new { attempt_id = "a1", note = "second" }),
        Event("ended", "attempt.failed", "2026-01-24T10:02:00Z", new { attempt_id = "a1", reason = "header" }),
    ];

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(0, 2, 1)]
    [InlineData(1, 0, 2)]
    [InlineData(1, 2, 0)]
    [InlineData(2, 0, 1)]
    [InlineData(2, 1, 0)]
    public async Task An_attempt_is_the_same_in_whatever_order_its_events_come(int first, int second, int third)
    {
        await using var host = await StartHostAsync();
        foreach (var index in new[] { first, second, third })
        {
            await SendAsync(host, [Life[index]]);
        }

        var node = (await host.GetAsync("/v1/attempts/a1")).GetProperty("attempt_node");

        Assert.Equal(
            """{"node_id":"a1","node_type":"Attempt","properties":{"attempt_id":"a1","created_at":"2026-01-24T10:00:00Z","note":"second","reason":"header","status":"failed","task_id":"t1"}}""",
            node.GetRawText());
    }

    [Fact]
    public async Task A_late_start_with_a_later_clock_does_not_move_an_ended_attempt_back()
    {
        await using var host = await StartHostAsync();
        await SendAsync(host, [Life[0], Life[2], Event("late", "attempt.started", "2026-01-24T11:00:00Z", new { attempt_id = "a1", status = "running" })]);

        var properties = (await host.GetAsync("/v1/attempts/a1")).GetProperty("attempt_node").GetProperty("properties");

        Assert.Equal("failed", properties.GetProperty("status").GetString());
    }

    [Fact]
    public async Task An_attempt_nobody_heard_of_is_null_with_empty_lists()
    {
        await using var host = await StartHostAsync();

        Assert.Equal("""{"attempt_node":null,"events":[],"artifacts":[]}""", (await host.GetAsync("/v1/attempts/nobody")).GetRawText());
        Assert.Equal("""{"nodes_by_type":{},"edges_by_type":{},"recent_events":[]}""", (await host.GetAsync("/v1/graph/summary")).GetRawText());
    }

    [Fact]
    public async Task Every_type_of_the_table_makes_its_nodes_and_edges()
    {
        await using var host = await StartHostAsync();
        await SendAsync(
            host,
            [
                Event("1", "target.registered", "2026-01-24T10:00:00Z", new { target_id = "radix", name = "radix" }),
                Event("2", "target.updated", "2026-01-24T10:00:01Z", new { target_id = "radix", default_branch = "main" }),
                Event("3", "task.created", "2026-01-24T10:00:02Z", new { task_id = "t1", target_id = "radix" }),
                Event("4", "task.completed", "2026-01-24T10:00:03Z", new { task_id = "t1" }),
                .. Life,
                Event("5", "artifact.created", "2026-01-24T10:02:01Z", new { node_id = "wheel", attempt_id = "a1", sha256 = "ab" }),
                Event("6", "pr.created", "2026-01-24T10:02:02Z", new { attempt_id = "a1", pr_number = 17, state = "open" }),
                Event("7", "pr.merged", "2026-01-24T10:02:03Z", new { pr_number = 17, state = "merged" }),
                Event("8", "model.call_started", "2026-01-24T10:02:04Z", new { attempt_id = "a1" }),
                Event("9", "something.else", "2026-01-24T10:02:05Z", new { x = 1 }),
            ]);

        var summary = await host.GetAsync("/v1/graph/summary");
        var around = await host.GetAsync("/api/graph/nodes/a1/neighbourhood?depth=3");

        Assert.Equal("""{"Artifact":1,"Attempt":1,"PullRequest":1,"Target":1,"Task":1}""", summary.GetProperty("nodes_by_type").GetRawText());
        Assert.Equal("""{"DEPENDS_ON":2,"PRODUCED":2}""", summary.GetProperty("edges_by_type").GetRawText());
        Assert.Equal("something.else", summary.GetProperty("recent_events")[0].GetProperty("event_type").GetString());
        Assert.Equal("merged", await PropertyAsync(host, "pr-17", "state"));
        Assert.Equal("completed", await PropertyAsync(host, "t1", "status"));
        Assert.Equal("main", await PropertyAsync(host, "radix", "default_branch"));
        Assert.Equal(["a1", "pr-17", "radix", "t1", "wheel"], Ids(around.GetProperty("nodes")).Order(StringComparer.Ordinal));
        Assert.Equal(4, around.GetProperty("edges").GetArrayLength());
        Assert.Equal(["t1"], Ids((await host.GetAsync("/api/graph/nodes?type=Task")).GetProperty("items")));
    }

    [Theory]
    [InlineData(0, 1, false)]
    [InlineData(1, 0, false)]
    [InlineData(0, 1, true)]
    [InlineData(1, 0, true)]
    public async Task A_node_made_twice_is_the_same_whichever_event_came_first(int first, int second, bool together)
    {
        await using var host = await StartHostAsync();
        object[] targets =
        [
            Event("late", "target.registered", "2026-01-24T10:05:00Z", new { target_id = "radix", name = "late" }),
            Event("early", "target.registered", "2026-01-24T10:00:00Z", new { target_id = "radix", name = "early" }),
        ];
        object[] tasks =
        [
            Event("late-task", "task.created", "2026-01-24T10:05:00Z", new { task_id = "t1", target_id = "radix" }),
            Event("early-task", "task.created", "2026-01-24T10:00:00Z", new { task_id = "t1", target_id = "radix" }),
        ];
        object[] before = [targets[first], tasks[first]];
        object[] after = [targets[second], tasks[second]];
        foreach (var bundle in together ? [[.. before, .. after]] : new[] { before, after })
        {
            await SendAsync(host, bundle);
        }

        var then = await host.GetAsync("/api/graph/nodes/radix?at=2026-01-24T10:02:00Z");
        var now = await host.GetAsync("/api/graph/nodes/radix");

        Assert.Equal(
            """{"node":{"node_id":"radix","node_type":"Target","properties":{"created_at":"2026-01-24T10:00:00Z","name":"early","target_id":"radix"}},"edges":[{"source":"t1","edge_type":"DEPENDS_ON","target":"radix"}]}""",
            then.GetRawText());
        Assert.Equal(
            """{"created_at":"2026-01-24T10:00:00Z","name":"late","target_id":"radix"}""",
            now.GetProperty("node").GetProperty("properties").GetRawText());
        Assert.Equal("""{"Target":1,"Task":1}""", (await host.GetAsync("/v1/graph/summary")).GetProperty("nodes_by_type").GetRawText());
    }

    [Fact]
    public async Task Recent_events_are_found_behind_any_number_of_the_control_planes_own()
    {
        await using var host = await StartHostAsync();
        await SendAsync(host, Life);
        await host.PostAsync("/api/history", Enumerable.Range(0, 6_000).Select(number => new { name = "x", version = $"{number}", status = "built" }).ToArray());

        var now = (await host.GetAsync("/v1/graph/summary")).GetProperty("recent_events");
        var then = (await host.GetAsync("/api/graph/summary?at=2026-01-24T10:01:30Z")).GetProperty("recent_events");

        Assert.Equal(["ended", "started", "created"], now.EnumerateArray().Select(sent => sent.GetProperty("event_id").GetString()));
        Assert.Equal(["started", "created"], then.EnumerateArray().Select(sent => sent.GetProperty("event_id").GetString()));
    }

    [Fact]
    public async Task A_type_nobody_knows_changes_no_node_and_is_listed_with_its_attempt()
    {
        await using var host = await StartHostAsync();
        await SendAsync(host, Life);
        var before = await NodeAsync(host, "a1");

        await SendAsync(host, [Event("note", "attempt.note", "2026-01-24T10:03:00Z", new { attempt_id = "a1", node_id = "a1", task_id = "t1", status = "succeeded", more = 1 })]);

        Assert.Equal(before, await NodeAsync(host, "a1"));
        Assert.Contains("note", (await host.GetAsync("/v1/attempts/a1")).GetProperty("events").EnumerateArray().Select(sent => sent.GetProperty("event_id").GetString()));
    }

    [Fact]
    public async Task An_attempt_that_called_a_model_ten_thousand_times_still_ends()
    {
        await using var host = await StartHostAsync();
        await SendAsync(host, Life[..2]);
        await SendAsync(host, [.. Enumerable.Range(0, 10_000).Select(number => Event($"call-{number}", "model.call_started", "2026-01-24T10:01:30Z", new { attempt_id = "a1" }))]);
        await SendAsync(host, [Life[2]]);

        var answer = await host.GetAsync("/v1/attempts/a1");

        Assert.Equal("failed", answer.GetProperty("attempt_node").GetProperty("properties").GetProperty("status").GetString());
        Assert.Equal("ended", answer.GetProperty("events").EnumerateArray().Last().GetProperty("event_id").GetString());
    }

    [Fact]
    public async Task The_graph_answers_as_it_was_at_an_instant()
    {
        await using var host = await StartHostAsync();
        await SendAsync(host, Life);

        Assert.Equal("running", await PropertyAsync(host, "a1", "status", "?at=2026-01-24T10:01:30Z"));
        Assert.Equal("{}", (await host.GetAsync("/api/graph/summary?at=2026-01-24T09:59:00Z")).GetProperty("nodes_by_type").GetRawText());
        using var before = await host.Http.GetAsync("/api/graph/nodes/a1?at=2026-01-24T09:59:00Z");
        Assert.Equal(404, (int)before.StatusCode);
    }

    [Fact]
    public async Task Our_own_builds_are_in_the_graph_and_a_rebuild_leaves_it_as_it_is()
    {
        await using var host = await StartHostAsync();
        var step = await host.PostAsync("/api/queue/enqueue", new { package = "MarkupSafe", version = "2.1.5" });
        var claimed = (await host.PostAsync("/api/steps/claim", new { pod_id = "p", kinds = new[] { "wheel_build" }, max = 1 }))[0];
        var stepId = step.GetProperty("step_id").GetString();
        await host.PostAsync($"/api/steps/{stepId}/complete", new { pod_id = "p", fence = claimed.GetProperty("fence").GetInt64() });
        await SendAsync(host, Life);

        var before = await StateAsync(host, $"{stepId}-1");
        await host.Services.GetRequiredService<EventJournal>().RebuildAsync(CancellationToken.None);

        Assert.Equal("succeeded", await PropertyAsync(host, $"{stepId}-1", "status"));
        Assert.Equal("MarkupSafe", await PropertyAsync(host, "package-markupsafe", "name"));
        Assert.Contains("package-markupsafe", before, StringComparison.Ordinal);
        Assert.Equal(before, await StateAsync(host, $"{stepId}-1"));
    }

    private static async Task<string> StateAsync(RefineryHost host, string nodeId) =>
        $"{(await host.GetAsync("/api/graph/summary")).GetRawText()} {(await host.GetAsync($"/api/graph/nodes/{nodeId}/neighbourhood?depth=2")).GetRawText()}";

    private static async Task<string> NodeAsync(RefineryHost host, string nodeId) =>
        (await host.GetAsync($"/api/graph/nodes/{nodeId}")).GetRawText();

    private static async Task<string?> PropertyAsync(RefineryHost host, string nodeId, string name, string query = "") =>
        (await host.GetAsync($"/api/graph/nodes/{nodeId}{query}")).GetProperty("node").GetProperty("properties").GetProperty(name).GetString();

    private static IEnumerable<string> Ids(JsonElement nodes) => nodes.EnumerateArray().Select(node => node.GetProperty("node_id").GetString()!);
}
