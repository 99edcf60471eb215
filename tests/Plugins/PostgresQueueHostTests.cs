using System.Text.Json;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Plugins;

/// <summary>The real host with its queue in Postgres.</summary>
public sealed class PostgresQueueHostTests : IAsyncLifetime
{
    private readonly QueueDatabase database = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => database.DisposeAsync();

    [Fact]
    public async Task Steps_are_called_by_priority_out_of_the_table_and_end()
    {
        await using var host = await StartAsync();
        foreach (var priority in new[] { 0, 7, -3, 5, 7 })
        {
            await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { priority }, priority });
        }

        Assert.Equal(5, await database.AskAsync<long>("SELECT COUNT(*) FROM steps_to_call"));
        List<int> called = [];
        while (await host.ClaimAsync("pod-a") is [var step])
        {
            called.Add(step.GetProperty("args").GetProperty("priority").GetInt32());
            await CompleteAsync(host, step);
        }

        Assert.Equal([7, 7, 5, 0, -3], called);
        Assert.Equal(0, await database.AskAsync<long>("SELECT COUNT(*) FROM steps_to_call"));
        Assert.Equal("postgres", (await host.GetAsync("/api/queue/stats")).GetProperty("backend").GetString());
        Assert.Equal("ready", (await host.GetAsync("/api/ready")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_step_of_a_handler_here_runs_to_its_end_also_after_the_connections_were_cut()
    {
        await using var host = await StartAsync();
        await host.UntilCompletedAsync(await host.SubmitAsync(new { type = "hello_world", args = new { message = "before" } }));
        await database.CutAsync();

        await Wait.UntilAsync(async () => (await host.Http.GetAsync("/api/ready")).IsSuccessStatusCode);
        await host.UntilCompletedAsync(await host.SubmitAsync(new { type = "hello_world", args = new { message = "after" } }));
    }

    private Task<RefineryHost> StartAsync() =>
        RefineryHost.StartAsync(("QUEUE_BACKEND", "postgres"), ("POSTGRES_DSN", database.Dsn), ("QUEUE_TABLE", "steps_to_call"));

    private static Task<JsonElement> CompleteAsync(RefineryHost host, JsonElement step) => host.PostAsync(
        $"/api/steps/{step.GetProperty("step_id").GetString()}/complete", new { pod_id = "pod-a", fence = step.GetProperty("fence").GetInt64() });
}
