using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Refinery.Tests.Plugins;

namespace Refinery.Tests.Queue;

/// <summary>Clearing the queue ends what waits, and nothing else.</summary>
public sealed class QueueClearTests
{
    [Fact]
    public async Task What_runs_goes_on_and_what_is_claimed_too()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        await host.PostAsync("/api/queue/enqueue", Enumerable.Range(0, 5).Select(index => new { package = $"pkg{index}" }).ToArray());
        var claims = (await host.PostAsync("/api/steps/claim", new { pod_id = "pod-a", kinds = new[] { "wheel_build" }, max = 2 })).EnumerateArray().ToList();
        var (running, leased) = (StepOf(claims[0]), StepOf(claims[1]));
        await host.PostAsync($"/api/steps/{running}/start", new { pod_id = "pod-a", fence = 1 });

        var cleared = await host.PostAsync("/api/queue/clear");
        var stats = await host.GetAsync("/api/queue/stats");
        var ends = new[] { await CompleteAsync(host, running), await CompleteAsync(host, leased) };

        Assert.Equal(3, cleared.GetProperty("cleared").GetInt32());
        Assert.Equal((0, 1, 1), (Number(stats, "length"), Number(stats, "leased"), Number(stats, "running")));
        Assert.Equal(["completed", "completed"], ends);
    }

    [Fact]
    public async Task A_backend_that_cannot_be_cleared_says_so_and_nothing_is_cancelled()
    {
        using var plugins = new TemporaryFolder();
        ForeignAssembly.Compile(plugins.File("forgetful"), "Forgetful", ForgetfulSource);
        await using var host = await RefineryHost.StartAsync(("PLUGINS_DIR", plugins.Path), ("QUEUE_BACKEND", "forgetful"));
        await host.PostAsync("/api/queue/enqueue", new { package = "pkg" });

        using var refused = await host.Http.PostAsync("/api/queue/clear", content: null);

        Assert.Equal(HttpStatusCode.NotImplemented, refused.StatusCode);
        Assert.Equal("not_supported", (await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error_type").GetString());
        Assert.Equal(1, Number(await host.GetAsync("/api/queue/stats"), "length"));
    }

    /// <summary>A backend that keeps nothing and can do nothing more.</summary>
    private const string ForgetfulSource = """
        using System.Collections.Generic;
        using System.Threading;
        using System.Threading.Tasks;
        using Refinery.Contract;
        /// <summary>Opens the backend.</summary>
        public sealed class ForgetfulPlugin : IQueuePlugin
        {
            public string Name => "forgetful";
            public QueueCapabilities Capabilities => QueueCapabilities.None;
            public Task<IQueueBackend> OpenAsync(PluginContext context, CancellationToken cancellationToken) => Task.FromResult<IQueueBackend>(new Forgetful());
        }
        /// <summary>Takes every item and keeps none.</summary>
        public sealed class Forgetful : IQueueBackend
        {
            public Task EnqueueAsync(IReadOnlyList<QueueItem> items, CancellationToken cancellationToken) => Task.CompletedTask;
            public Task<IReadOnlyList<QueueItem>> PopAsync(int max, System.TimeSpan wait, CancellationToken cancellationToken) => ListAsync(max, cancellationToken);
            public Task<IReadOnlyList<QueueItem>> ListAsync(int limit, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<QueueItem>>(new QueueItem[0]);
            public Task<QueueStats> StatsAsync(CancellationToken cancellationToken) => Task.FromResult(new QueueStats(0, null));
            public Task<long> ClearAsync(CancellationToken cancellationToken) => throw new System.NotSupportedException();
            public ValueTask DisposeAsync() => default;
        }
        """;

    private static string StepOf(JsonElement claim) => claim.GetProperty("step_id").GetString()!;

    private static int Number(JsonElement stats, string member) => stats.GetProperty(member).GetInt32();

    private static async Task<string> CompleteAsync(RefineryHost host, string stepId) =>
        (await host.PostAsync($"/api/steps/{stepId}/complete", new { pod_id = "pod-a", fence = 1 })).GetProperty("status").GetString()!;
}
