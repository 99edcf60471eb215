using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Refinery.Bench;

/// <summary>From the call that submits a step until somebody has it in hands, at a steady rate: <c>pickup [rate = 100] [queue]</c>. Prints the figures also as lines of JSON.</summary>
/// <remarks>With <c>POSTGRES_DSN</c> the host keeps its books there, and the queue is <c>postgres</c> unless another is named.</remarks>
internal static class Pickup
{
    public static async Task RunAsync(string[] settings)
    {
        var rate = settings.Length > 0 ? int.Parse(settings[0]) : 100;
        var onPostgres = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("POSTGRES_DSN"));
        await using var database = onPostgres ? await BenchDatabase.CreateAsync() : null;
        var queue = settings.ElementAtOrDefault(1) ?? (onPostgres ? "postgres" : "file");
        string[] host = [$"QUEUE_BACKEND={queue}", .. onPostgres ? [$"POSTGRES_DSN={database?.Dsn}"] : Array.Empty<string>()];
        await FloorAsync(rate, host);
        await LocalAsync(rate, host, queue);
        await RemoteAsync(rate, host);
    }

    /// <summary>What the way to the host costs by itself, at this hour of the machine.</summary>
    private static async Task FloorAsync(int rate, string[] settings)
    {
        await using var host = await HostProcess.StartAsync(settings);
        var arrivals = new Arrivals();
        await arrivals.EachAsync(rate, async number =>
        {
            await host.Http.GetByteArrayAsync("/healthz");
            arrivals.Note(number, Stopwatch.GetTimestamp());
        });
        arrivals.Print("the floor", "call → answer of GET /healthz");
    }

    /// <summary>The local pod runs the step, and its handler says when it was entered.</summary>
    private static async Task LocalAsync(int rate, string[] settings, string queue)
    {
        var plugins = Directory.CreateTempSubdirectory("refinery-bench-plugins-").FullName;
        Directory.CreateSymbolicLink(Path.Combine(plugins, queue), Path.Combine(HostProcess.OutputOf("host"), "plugins", queue));
        Directory.CreateDirectory(Path.Combine(plugins, "handlers"));
        Directory.CreateSymbolicLink(Path.Combine(plugins, "handlers", "pickup"), HostProcess.OutputOf("bench/PickupHandler"));
        await using var host = await HostProcess.StartAsync([.. settings, $"PLUGINS_DIR={plugins}", "FLEET_Q_MAX_PARALLELISM=20"]);
        var arrivals = new Arrivals();
        var steps = new ConcurrentDictionary<int, string>();
        await arrivals.EachAsync(rate, async number => steps[number] = await SubmitAsync(host, number));
        foreach (var (number, stepId) in steps.Where(step => step.Key >= 0))
        {
            arrivals.Note(number, await EnteredAsync(host, stepId));
        }

        Directory.Delete(plugins, recursive: true);
        arrivals.Print("local pod", "call of POST /submit → the handler is entered", "capacity 16");
    }

    private static async Task<long> EnteredAsync(HostProcess host, string stepId)
    {
        while (true)
        {
            using var status = JsonDocument.Parse(await host.Http.GetStringAsync($"/status/{stepId}"));
            if (status.RootElement.GetProperty("status").GetString() == "completed")
            {
                return long.Parse(status.RootElement.GetProperty("detail").GetString() ?? string.Empty);
            }

            await Task.Delay(10);
        }
    }

    /// <summary>Pods elsewhere wait for work by long poll: what is measured ends when the claim is in their hands.</summary>
    private static async Task RemoteAsync(int rate, string[] settings)
    {
        const int Pods = 4;
        var arrivals = new Arrivals();
        await using var host = await HostProcess.StartAsync(settings);
        using var stop = new CancellationTokenSource();
        var pods = Enumerable.Range(0, Pods).Select(number => Task.Run(() => ClaimAsync(host, $"pod-{number}", arrivals, stop.Token))).ToList();
        await arrivals.EachAsync(rate, number => SubmitAsync(host, number));
        await arrivals.AllAsync();
        await stop.CancelAsync();
        await Task.WhenAll(pods);
        arrivals.Print("remote pod by long poll", "call of POST /submit → claim received", $"{Pods} pods");
    }

    private static async Task ClaimAsync(HostProcess host, string pod, Arrivals arrivals, CancellationToken stop)
    {
        var claim = Encoding.UTF8.GetBytes($$"""{"pod_id":"{{pod}}","kinds":["pickup"],"max":1,"wait_seconds":5}""");
        while (!stop.IsCancellationRequested)
        {
            using var claimed = JsonDocument.Parse(await Load.PostAsync(host.Http, "/api/steps/claim", claim));
            foreach (var step in claimed.RootElement.EnumerateArray())
            {
                arrivals.Note(step.GetProperty("args").GetProperty("number").GetInt32(), Stopwatch.GetTimestamp());
                await Load.PostAsync(host.Http, $"/api/steps/{step.GetProperty("step_id").GetString()}/complete", Encoding.UTF8.GetBytes(
                    $$"""{"pod_id":"{{pod}}","fence":{{step.GetProperty("fence").GetInt64()}}}"""));
            }
        }
    }

    /// <returns>The step's id.</returns>
    private static async Task<string> SubmitAsync(HostProcess host, int number)
    {
        using var answer = JsonDocument.Parse(await Load.PostAsync(host.Http, "/submit", Encoding.UTF8.GetBytes($$$"""{"type":"pickup","args":{"number":{{{number}}}}}""")));
        return answer.RootElement.GetProperty("step_id").GetString() ?? throw new InvalidOperationException("A submission has no step_id.");
    }
}
