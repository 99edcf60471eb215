using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;

namespace Refinery.Tests.Plan;

/// <summary>A run saves what it will do, and everybody reads the newest.</summary>
public sealed class PlanEndpointTests
{
    [Fact]
    public async Task Where_no_plan_was_saved_the_answer_is_an_empty_array()
    {
        await using var host = await RefineryHost.StartAsync();

        Assert.Equal("[]", (await host.GetAsync("/api/plan")).GetRawText());
        Assert.Equal("[]", (await host.GetAsync("/api/plan?run_id=nobody")).GetRawText());
    }

    [Fact]
    public async Task The_newest_plan_is_read_whole_and_in_order()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/plan", new { run_id = "r1", plan = new[] { Node("old", "1.0") } });
        var saved = await host.PostAsync("/api/plan", new
        {
            run_id = "r2",
            plan = Enumerable.Range(0, 500).Select(number => Node($"pkg{number}", "1.0")),
            edges = new object[] { new { from = "pkg1", to = "pkg0" }, "any form" },
        });

        var newest = await host.GetAsync("/api/plan");
        var first = await host.GetAsync("/api/plan?run_id=r1");

        Assert.NotEmpty(saved.GetProperty("id").GetString()!);
        Assert.Equal("A plan of 500 nodes was saved.", saved.GetProperty("detail").GetString());
        Assert.Equal(500, newest.GetArrayLength());
        Assert.Equal("""{"name":"pkg7","action":"build","version":"1.0","python_tag":"cp311","platform_tag":"any"}""", newest[7].GetRawText());
        Assert.Equal("old", Assert.Single(first.EnumerateArray()).GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("""{"run_id":"r","plan":"build everything"}""", "'plan'")]
    [InlineData("""{"run_id":"r","plan":[]}""", "'plan'")]
    [InlineData("""{"run_id":"r"}""", "'plan'")]
    [InlineData("""{"run_id":"","plan":[{"name":"a","action":"build"}]}""", "'run_id'")]
    [InlineData("""{"plan":[{"name":"a","action":"build"}]}""", "'run_id'")]
    [InlineData("""{"run_id":"r","plan":[{"name":"a","action":"destroy"}]}""", "destroy")]
    [InlineData("""{"run_id":"r","plan":[{"name":"a","action":1}]}""", "action")]
    [InlineData("""{"run_id":"r","plan":[{"name":"a"}]}""", "'plan[0].action'")]
    [InlineData("""{"run_id":"r","plan":[{"name":"../a","action":"build"}]}""", "'name'")]
    [InlineData("""{"run_id":"r","plan":[null]}""", "plan[0]")]
    [InlineData("""{"run_id":"r","plan":[{"name":"a","action":"build"}],"edges":{}}""", "'edges'")]
    [InlineData("""{"run_id":"r","plan":[{"name":"a","action":"build","version":"1 0"}]}""", "'version'")]
    [InlineData("""{"run_id":"r","plan":[""", "JSON")]
    public async Task A_bad_plan_is_refused_and_nothing_is_saved(string body, string named)
    {
        await using var host = await RefineryHost.StartAsync();

        var detail = await host.PostRefusedAsync("/api/plan", body);

        Assert.Contains(named, detail);
        Assert.Equal("[]", (await host.GetAsync("/api/plan")).GetRawText());
    }

    [Fact]
    public async Task A_rebuild_gives_the_same_plan()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/plan", new { run_id = "r1", plan = new[] { Node("a", "1.0") } });
        var before = await host.GetAsync("/api/plan");

        await host.Services.GetRequiredService<EventJournal>().RebuildAsync(CancellationToken.None);

        Assert.Equal(before.GetRawText(), (await host.GetAsync("/api/plan")).GetRawText());
    }

    private static object Node(string name, string version) =>
        new { name, version, python_tag = "cp311", platform_tag = "any", action = "build" };
}
