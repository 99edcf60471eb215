using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Refinery.Bench;

/// <summary>What pods held that fell silent is given back: many steps due at once, and pods that die one by one: <c>orphans [steps = 500] [pods = 20]</c>.</summary>
internal static class Orphans
{
    private const int StepsPerPod = 8;
    private const int LeaseSeconds = 15;
    private const int HeartbeatSeconds = 5;
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    public static async Task RunAsync(string[] settings)
    {
        await DueTogetherAsync(settings.Length > 0 ? int.Parse(settings[0]) : 500);
        await FallingSilentAsync(settings.Length > 1 ? int.Parse(settings[1]) : 20);
    }

    /// <summary>One pod claims them all and is never heard again.</summary>
    private static async Task DueTogetherAsync(int steps)
    {
        const int Rounds = 5;
        var times = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            await using var host = await HostProcess.StartAsync("LOCAL_WORKER=0", "FLEET_Q_LEASE_SEC=3", "FLEET_Q_HEARTBEAT_SEC=1", "FLEET_Q_BACKOFF_SEC=60");
            await SubmitAsync(host, steps);
            var claimed = await ClaimAsync(host, "pod-silent", steps);
            var due = claimed.Max(step => step.GetProperty("lease_until").GetDateTimeOffset());
            while (await PendingAsync(host) < steps)
            {
                await Task.Delay(Glance);
            }

            times.Add((DateTimeOffset.UtcNow - due).TotalMilliseconds);
        }

        times.Sort();
        Console.WriteLine($"orphans: {steps} steps whose leases end together are back in line {times[Rounds / 2]:N0} ms later, at most {times[^1]:N0} ms ({Rounds} rounds, a host each, seen every {Glance.TotalMilliseconds:N0} ms)");
    }

    /// <summary>Pods that hold steps and renew them fall silent one after the other, each at an instant of its own between two renewals.</summary>
    private static async Task FallingSilentAsync(int pods)
    {
        await using var host = await HostProcess.StartAsync("LOCAL_WORKER=0", "FLEET_Q_BACKOFF_SEC=60");
        await SubmitAsync(host, pods * StepsPerPod);
        var chance = new Random(1);
        var lives = new List<Task<double>>();
        for (var number = 0; number < pods; number++)
        {
            var pod = $"pod-{number}";
            lives.Add(LiveAndDieAsync(host, pod, await ClaimAsync(host, pod, StepsPerPod), TimeSpan.FromSeconds(chance.NextDouble() * HeartbeatSeconds)));
        }

        var times = (await Task.WhenAll(lives)).Order().ToList();
        Console.WriteLine(
            $"orphans: the {StepsPerPod} steps of a pod that dies are back in line after p50 {times[times.Count / 2]:N2} s, p99 {times[times.Count * 99 / 100]:N2} s ({pods} pods, lease {LeaseSeconds} s, renewed every {HeartbeatSeconds} s, as by default)");
    }

    /// <returns>Seconds from the last breath to the last step back in line.</returns>
    private static async Task<double> LiveAndDieAsync(HostProcess host, string pod, IReadOnlyList<JsonElement> held, TimeSpan lastBreath)
    {
        foreach (var step in held)
        {
            await Load.PostAsync(host.Http, $"/api/steps/{IdOf(step)}/renew", Encoding.UTF8.GetBytes($$"""{"pod_id":"{{pod}}","fence":{{step.GetProperty("fence").GetInt64()}}}"""));
        }

        await Task.Delay(lastBreath);
        var silence = Stopwatch.StartNew();
        foreach (var step in held)
        {
            while (await StatusAsync(host, IdOf(step)) != "pending")
            {
                await Task.Delay(Glance);
            }
        }

        return silence.Elapsed.TotalSeconds;
    }

    private static async Task SubmitAsync(HostProcess host, int steps)
    {
        for (var number = 0; number < steps; number++)
        {
            await Load.PostAsync(host.Http, "/submit", """{"type":"orphan","args":{}}"""u8.ToArray());
        }
    }

    private static async Task<IReadOnlyList<JsonElement>> ClaimAsync(HostProcess host, string pod, int max) =>
        JsonSerializer.Deserialize<List<JsonElement>>(await Load.PostAsync(
            host.Http, "/api/steps/claim", Encoding.UTF8.GetBytes($$"""{"pod_id":"{{pod}}","kinds":["orphan"],"max":{{max}},"start":true}"""))) ?? [];

    private static async Task<long> PendingAsync(HostProcess host)
    {
        using var figures = JsonDocument.Parse(await host.Http.GetStringAsync("/admin/queue"));
        return figures.RootElement.GetProperty("pending_steps").GetInt64();
    }

    private static async Task<string?> StatusAsync(HostProcess host, string stepId)
    {
        using var status = JsonDocument.Parse(await host.Http.GetStringAsync($"/status/{stepId}"));
        return status.RootElement.GetProperty("status").GetString();
    }

    private static string IdOf(JsonElement step) => step.GetProperty("step_id").GetString() ?? throw new InvalidOperationException("A claim has no step_id.");
}
