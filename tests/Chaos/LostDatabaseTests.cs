using Microsoft.Extensions.DependencyInjection;
using Refinery.Fleet;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Chaos;

/// <summary>The database or the queue's folder is gone: the steps come back from the journal's file, and nothing that waited is forgotten.</summary>
public sealed class LostDatabaseTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly TemporaryFolder work = new();

    [Fact]
    public async Task Steps_come_back_as_they_were()
    {
        var before = await RowsAsync(LiveAsync);

        DeleteDatabase();
        var after = await RowsAsync(_ => Task.CompletedTask);

        Assert.Equal(before.Select(Told), after.Select(Told));
        Assert.Equal(["cancelled", "completed", "failed", "pending"], before.Select(row => row.Status).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_step_that_was_held_waits_again_and_its_holder_is_refused()
    {
        var first = await StartAsync();
        var stepId = await first.SubmitAsync();
        await first.ClaimAsync("pod-a");
        await first.PostAsync($"/api/steps/{stepId}/start", new { pod_id = "pod-a", fence = 1 });
        await first.StopAsync();

        DeleteDatabase();
        var host = await StartAsync();
        var row = await host.RowAsync(stepId);
        using var late = await host.Http.PostAsync($"/api/steps/{stepId}/complete", System.Net.Http.Json.JsonContent.Create(new { pod_id = "pod-a", fence = 1 }));
        var claim = Assert.Single(await host.ClaimAsync("pod-b"));

        Assert.Equal(("pending", 1L, 0L), (row.Status, row.Fence, row.RetryCount));
        Assert.Equal(System.Net.HttpStatusCode.Conflict, late.StatusCode);
        Assert.Equal((2L, 2L), (claim.GetProperty("fence").GetInt64(), claim.GetProperty("attempt").GetInt64()));
        Assert.True((await host.Services.GetRequiredService<EventJournal>().VerifyAsync(CancellationToken.None)).Valid);
        await host.StopAsync();
    }

    [Theory]
    [InlineData("database")]
    [InlineData("queue")]
    public async Task What_waited_is_still_run(string lost)
    {
        var plugin = new EffectPlugin(work);
        var idle = await StartAsync(("LOCAL_WORKER", "0"), ("PLUGINS_DIR", plugin.Plugins));
        var stepIds = new List<string>();
        for (var index = 0; index < 30; index++)
        {
            stepIds.Add(await idle.SubmitAsync(plugin.Step()));
        }

        await idle.StopAsync();
        if (lost == "queue")
        {
            Directory.Delete(folder.File("queue"), recursive: true);
        }
        else
        {
            DeleteDatabase();
        }

        var host = await StartAsync(("PLUGINS_DIR", plugin.Plugins));
        foreach (var stepId in stepIds)
        {
            await host.UntilCompletedAsync(stepId);
        }

        Assert.Equal(stepIds.Select(stepId => $"{stepId}@1").Order(StringComparer.Ordinal), plugin.Found().Order(StringComparer.Ordinal));
        await host.StopAsync();
    }

    [Fact]
    public async Task Events_of_others_make_no_steps()
    {
        var first = await StartAsync();
        await first.Services.GetRequiredService<Database>().WriteAsync(
            sql =>
            {
                sql.Append(new EventDraft("task.created", new EventPayload().Add("task_id", "t1").Add("status", "pending")) { Target = "radix" });
                sql.Append(new EventDraft("task.created", new EventPayload().Add("task_id", "t2")));
                sql.Append(new EventDraft("attempt.failed", new EventPayload().Add("task_id", "t3").Add("status", 7L)));
                return Task.FromResult(0);
            },
            CancellationToken.None);
        await first.StopAsync();

        DeleteDatabase();

        Assert.Empty(await RowsAsync(_ => Task.CompletedTask));
    }

    public void Dispose()
    {
        folder.Dispose();
        work.Dispose();
    }

    /// <summary>Steps in every state that outlives a host: completed, failed, cancelled, waiting, waiting for a retry, given back.</summary>
    private static async Task LiveAsync(RefineryHost host)
    {
        await host.PostAsync("/api/queue/enqueue", new { package = "cancelled", version = "1.0", recipes = new[] { "apt:libffi-dev" } });
        await host.PostAsync("/api/queue/clear");
        await host.PostAsync("/api/queue/enqueue", new { package = "numpy", version = "1.0", run_id = "run-1", recipes = new[] { "apt:libffi-dev" } });
        for (var index = 0; index < 4; index++)
        {
            await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { z = 1.5, a = "é" }, metadata = new { who = "me" }, priority = 9 - index, max_retries = index });
        }

        var claims = await host.ClaimAsync("pod-a", max: 4);
        string[] ends = ["fail", "complete", "fail", "release"];
        foreach (var (claim, end) in claims.Zip(ends))
        {
            var recipes = new Dictionary<string, string[]>(StringComparer.Ordinal) { ["apt"] = ["zlib1g-dev"] };
            await host.PostAsync($"/api/steps/{claim.GetProperty("step_id").GetString()}/{end}", new { pod_id = "pod-a", fence = 1, detail = "So it ended.", recipes });
        }

        await host.SubmitAsync();
    }

    /// <summary>The row with its JSON in one order of keys.</summary>
    /// <summary>The rank tells nothing but an order, which is made anew.</summary>
    private static StepRow Told(StepRow row) => row with { Rank = 0, Args = Canonical(row.Args), Metadata = Canonical(row.Metadata), Recipes = row.Recipes is { } recipes ? Canonical(recipes) : null };

    private static string Canonical(string json) => string.Join(
        ',', StepJson.Parse(json).EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal).Select(member => $"{member.Name}={member.Value}"));

    private async Task<IReadOnlyList<StepRow>> RowsAsync(Func<RefineryHost, Task> live)
    {
        var host = await StartAsync(("FLEET_Q_BACKOFF_SEC", "300"));
        await live(host);
        var stepIds = await host.Services.GetRequiredService<Database>().ReadAsync(sql => sql.QueryAsync<string>("SELECT step_id FROM steps ORDER BY rank"), CancellationToken.None);
        var rows = new List<StepRow>();
        foreach (var stepId in stepIds)
        {
            rows.Add(await host.RowAsync(stepId));
        }

        await host.StopAsync();
        return rows;
    }

    private void DeleteDatabase()
    {
        foreach (var file in Directory.GetFiles(folder.Path, "refinery.db*"))
        {
            File.Delete(file);
        }
    }

    private Task<RefineryHost> StartAsync(params (string Name, string Value)[] settings) =>
        RefineryHost.StartAsync(folder, [("HINT_CATALOGUE", "0"), .. settings]);
}
