using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Refinery.Host;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Worker;

/// <summary>A server that runs no step itself, and workers as processes of their own that know it by HTTP alone.</summary>
internal sealed class WorkerYard : IAsyncDisposable
{
    /// <summary>What the server wants to be shown.</summary>
    public const string Token = "yard-token";

    private readonly TemporaryFolder folder = new();
    private readonly List<HostRun> runs = [];
    private readonly int leaseSeconds;
    private readonly (string Name, string Value)[] settings;
    private HostRun? server;

    private WorkerYard(int leaseSeconds, (string Name, string Value)[] settings)
    {
        this.leaseSeconds = leaseSeconds;
        this.settings = settings;
        Plugin = new EffectPlugin(folder);
    }

    public EffectPlugin Plugin { get; }

    /// <summary>Speaks to the server as it runs now.</summary>
    public HttpClient Http { get; private set; } = new();

    /// <summary>A file that steps wait for; see <see cref="OpenGate"/>.</summary>
    public string Gate => folder.File("gate");

    public TemporaryFolder Folder => folder;

    /// <param name="settings">Further ones of the server.</param>
    public static async Task<WorkerYard> StartAsync(int leaseSeconds = 2, params (string Name, string Value)[] settings)
    {
        var yard = new WorkerYard(leaseSeconds, settings);
        await yard.StartServerAsync();
        return yard;
    }

    /// <summary>Starts the server, again on the port it had before.</summary>
    public async Task StartServerAsync()
    {
        server = Start(
            Http.BaseAddress is { } before ? ["--urls", before.ToString()] : [],
            [("LOCAL_WORKER", "0"), ("WORKER_TOKEN", Token), ("FLEET_Q_LEASE_SEC", $"{leaseSeconds}"), ("FLEET_Q_DEAD_AFTER_SEC", "2"),
            ("FLEET_Q_RECOVERY_SEC", "1"), ("FLEET_Q_BACKOFF_SEC", "0"), ("FeatureManagement__Metrics", "true"), .. settings]);
        var address = await server.ReadyAsync();
        Http.Dispose();
        Http = new HttpClient { BaseAddress = address };
        Http.DefaultRequestHeaders.Add("X-Worker-Token", Token);
    }

    /// <summary>Ends the server as a power cut does.</summary>
    public async Task KillServerAsync()
    {
        server!.Kill();
        await server.ExitAsync();
    }

    /// <summary>Asks the server to stop, and waits until it has.</summary>
    public async Task StopServerAsync()
    {
        server!.Terminate();
        Assert.Equal(0, await server.ExitAsync());
    }

    /// <summary>Makes every lease one that ended long ago, as if the server had been down for long.</summary>
    public void ExpireLeases()
    {
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection($"Data Source={folder.File("data/refinery.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "UPDATE steps SET lease_until = '2020-01-01T00:00:00.000000Z' WHERE lease_until IS NOT NULL";
        command.ExecuteNonQuery();
    }

    /// <summary>Starts a worker that serves effects, three at once, with a folder of this name.</summary>
    public HostRun StartWorker(string name, params (string Name, string Value)[] settings) => StartWorker(name, concurrency: 3, settings);

    /// <summary>The same, so many at once.</summary>
    public HostRun StartWorker(string name, int concurrency, params (string Name, string Value)[] settings) => StartWorker(
        ["--server", Http.BaseAddress!.ToString(), "--token", Token, "--kinds", EffectPlugin.StepType, "--concurrency", $"{concurrency}"],
        [("DATA_DIR", folder.File(name)), .. settings]);

    /// <summary>Starts a worker with these words.</summary>
    public HostRun StartWorker(string[] arguments, params (string Name, string Value)[] settings) =>
        Start(["worker", .. arguments], [("DATA_DIR", folder.File("worker")), .. settings]);

    /// <summary>Starts such a worker in this process, by a clock of its own.</summary>
    public async Task<IHost> StartWorkerHereAsync(string name, TimeProvider clock)
    {
        var app = WorkerApp.Build(
            [
                new("WORKER_SERVER_URL", Http.BaseAddress!.ToString()), new("WORKER_TOKEN", Token), new("WORKER_KINDS", EffectPlugin.StepType), new("WORKER_CONCURRENCY", "3"),
                new("DATA_DIR", folder.File(name)), new("PLUGINS_DIR", Plugin.Plugins), new("FLEET_Q_HEARTBEAT_SEC", "1"),
            ],
            services => services.AddSingleton(clock));
        await WorkerApp.PrepareAsync(app.Services, CancellationToken.None);
        await app.StartAsync();
        return app;
    }

    /// <summary>Lets the steps go on that wait for the gate.</summary>
    public void OpenGate() => File.WriteAllText(Gate, "open");

    public async Task<string> SubmitAsync(object step)
    {
        using var response = await Http.PostAsJsonAsync("/submit", step);
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("step_id").GetString()!;
    }

    public async Task<IReadOnlyList<string>> SubmitAsync(int count, Func<object> step)
    {
        var stepIds = new List<string>();
        for (var index = 0; index < count; index++)
        {
            stepIds.Add(await SubmitAsync(step()));
        }

        return stepIds;
    }

    public Task<JsonElement> GetAsync(string path) => Http.GetFromJsonAsync<JsonElement>(path);

    public async Task<string?> StatusAsync(string stepId) => (await GetAsync($"/status/{stepId}")).GetProperty("status").GetString();

    /// <summary>Waits until each of the steps has the status.</summary>
    public async Task UntilAsync(string status, params IReadOnlyList<string> stepIds)
    {
        var left = new Queue<string>(stepIds);
        await Wait.UntilAsync(async () =>
        {
            while (left.TryPeek(out var stepId) && await StatusAsync(stepId) == status)
            {
                left.Dequeue();
            }

            return left.Count == 0;
        });
    }

    /// <summary>Waits until workers say that they run so many steps: then they have the answers to their claims.</summary>
    public Task UntilRunningAsync(int steps) => Wait.UntilAsync(async () =>
        (await GetAsync("/api/pods")).EnumerateArray().Sum(pod => pod.GetProperty("running").GetInt32()) == steps);

    /// <summary>Waits until the server has given out so many steps that have not ended.</summary>
    public Task UntilHeldAsync(int steps) => Wait.UntilAsync(async () => (await GetAsync("/admin/queue")).GetProperty("claimed_steps").GetInt32() == steps);

    /// <summary>Waits until the lease of each of the steps was prolonged.</summary>
    public async Task UntilRenewedAsync(IReadOnlyList<string> stepIds)
    {
        foreach (var stepId in stepIds)
        {
            var before = await LeaseAsync(stepId);
            await Wait.UntilAsync(async () => string.CompareOrdinal(await LeaseAsync(stepId), before) > 0);
        }
    }

    /// <summary>The log of an attempt, once it is stored.</summary>
    public async Task<string> LogAsync(string stepId, int attempt)
    {
        var text = string.Empty;
        await Wait.UntilAsync(async () =>
        {
            using var answer = await Http.GetAsync($"/api/logs/{EffectPlugin.StepType}/{stepId}?attempt={attempt}");
            text = answer.IsSuccessStatusCode ? (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("content").GetString()! : string.Empty;
            return answer.IsSuccessStatusCode;
        });
        return text;
    }

    /// <summary>Results that wait in a worker's outbox.</summary>
    public int Letters(string name) =>
        Directory.Exists(folder.File($"{name}/outbox")) ? Directory.GetFiles(folder.File($"{name}/outbox"), "*.json").Length : 0;

    /// <summary>How often each step had its effect.</summary>
    public IReadOnlyDictionary<string, int> Effects() =>
        Plugin.Found().CountBy(effect => effect.Split('@')[0]).ToDictionary(StringComparer.Ordinal);

    public async ValueTask DisposeAsync()
    {
        foreach (var run in runs)
        {
            await run.DisposeAsync();
        }

        Http.Dispose();
        folder.Dispose();
    }

    private async Task<string?> LeaseAsync(string stepId) =>
        (await GetAsync($"/api/steps/{stepId}/why")).GetProperty("evidence").GetProperty("pods")[0].GetProperty("until").GetString();

    private HostRun Start(IReadOnlyList<string> arguments, params (string Name, string Value)[] settings)
    {
        var run = HostRun.Start(folder, arguments, [("PLUGINS_DIR", Plugin.Plugins), ("HINT_CATALOGUE", "0"), ("FLEET_Q_HEARTBEAT_SEC", "1"), .. settings]);
        runs.Add(run);
        return run;
    }
}
