using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;

namespace Refinery.Tests.Chaos;

/// <summary>A host that is killed and started again over one data directory, its clients, and what they were promised.</summary>
internal sealed class KilledHost : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly EffectPlugin plugin;
    private readonly Random chance;
    private readonly ConcurrentDictionary<string, string> accepted = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> reported = new(StringComparer.Ordinal);
    private int unanswered;

    public KilledHost(int seed)
    {
        chance = new Random(seed);
        plugin = new EffectPlugin(folder);
    }

    public EffectPlugin Plugin => plugin;

    public string Data => folder.File("data");

    /// <summary>Steps whose 201 a client has seen, and their type.</summary>
    public IReadOnlyDictionary<string, string> Accepted => accepted;

    /// <summary>Steps that may exist although nobody saw their 201.</summary>
    public int Unanswered => unanswered;

    /// <summary>Results that the host took from the pod outside, counted by <c>{step}@{attempt}</c>.</summary>
    public IReadOnlyDictionary<string, int> Reported => reported;

    /// <summary>Starts the host's program with short leases.</summary>
    public HostRun Start(params string[] arguments) => HostRun.Start(
        folder,
        arguments,
        ("PLUGINS_DIR", plugin.Plugins),
        ("HINT_CATALOGUE", "0"),
        ("FLEET_Q_MAX_PARALLELISM", "5"),
        ("FLEET_Q_LEASE_SEC", "2"),
        ("FLEET_Q_HEARTBEAT_SEC", "1"),
        ("FLEET_Q_DEAD_AFTER_SEC", "2"),
        ("FLEET_Q_RECOVERY_SEC", "1"),
        ("FLEET_Q_BACKOFF_SEC", "0"));

    /// <summary>One life: clients submit, a pod outside takes wheels, and at a random point the process is killed.</summary>
    /// <param name="least">It lives at least until so many steps are accepted in all.</param>
    public async Task LiveAndDieAsync(int steps, int least)
    {
        await using var host = Start();
        var ends = DyingPoint(host);
        var clients = Task.WhenAll(SubmitAsync(host, steps), EnqueueArraysAsync(host, steps / 10), WorkOutsideAsync(host));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        for (var tick = 0; accepted.Count < least || !ends(tick); tick++)
        {
            await timer.WaitForNextTickAsync();
        }

        host.Kill();
        await host.ExitAsync();
        await clients;
    }

    /// <summary>The last life: everything accepted comes to its end, then the host is asked to stop.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> LiveToTheEndAsync()
    {
        await using var host = Start();
        using var http = new HttpClient { BaseAddress = await host.ReadyAsync() };
        var left = new HashSet<string>(accepted.Keys, StringComparer.Ordinal);
        await Wait.UntilAsync(async () =>
        {
            await WorkOnceAsync(http);
            foreach (var stepId in left.ToList())
            {
                var status = await http.GetFromJsonAsync<JsonElement>($"/status/{stepId}");
                if (status.GetProperty("status").GetString() is not ("completed" or "failed"))
                {
                    return false;
                }

                left.Remove(stepId);
            }

            // Steps whose 201 was lost end as well.
            return Remains.CountUnfinished(Data) == 0;
        });
        host.Terminate();
        return await host.ExitAsync();
    }

    public void Dispose() => folder.Dispose();

    /// <summary>A moment of the start, or so many accepted steps, effects or bytes of journal from now; at the latest some ticks after the start.</summary>
    private Func<int, bool> DyingPoint(HostRun host)
    {
        var (last, ticksReady) = (chance.Next(100, 600), 0);
        var (steps, effects, bytes) = (accepted.Count + chance.Next(1, 60), plugin.Found().Count + chance.Next(1, 60), JournalLength() + chance.Next(1, 60_000));
        bool IsOver() => host.IsReady && ticksReady++ >= last;
        return chance.Next(5) switch
        {
            0 => tick => tick >= 2 * last,
            1 => _ => IsOver() || accepted.Count >= steps,
            2 => _ => IsOver() || plugin.Found().Count >= effects,
            3 => _ => IsOver() || JournalLength() >= bytes,
            _ => _ => IsOver(),
        };
    }

    private long JournalLength() => new FileInfo(Path.Combine(Data, "journal.ndjson")) is { Exists: true } file ? file.Length : 0;

    private Task SubmitAsync(HostRun host, int steps)
    {
        var bodies = Enumerable.Range(0, steps).Select(_ => plugin.Step(chance.Next(20), chance.Next(10) == 0 ? 1 : 0)).Chunk(Math.Max(1, steps / 8)).ToList();
        return Task.WhenAll(bodies.Select(part => UntilDeathAsync(host, async http =>
        {
            foreach (var body in part)
            {
                var answer = await PostAsync(http, "/submit", body, size: 1);
                accepted[answer.GetProperty("step_id").GetString()!] = EffectPlugin.StepType;
            }
        })));
    }

    private Task EnqueueArraysAsync(HostRun host, int arrays) => UntilDeathAsync(host, async http =>
    {
        for (var array = 0; array < arrays; array++)
        {
            var wheels = Enumerable.Range(0, 5).Select(index => new { package = $"p{index}", version = "1.0", max_retries = 10 }).ToArray();
            var answer = await PostAsync(http, "/api/queue/enqueue", wheels, wheels.Length);
            foreach (var step in answer.EnumerateArray())
            {
                accepted[step.GetProperty("step_id").GetString()!] = "wheel_build";
            }
        }
    });

    private Task WorkOutsideAsync(HostRun host) => UntilDeathAsync(host, async http =>
    {
        while (true)
        {
            await WorkOnceAsync(http);
        }
    });

    /// <summary>Takes a few wheels and says that they are built; an answer lost on the way is a lease that runs out.</summary>
    private async Task WorkOnceAsync(HttpClient http)
    {
        var claims = await PostAsync(http, "/api/steps/claim", new { pod_id = "pod-outside", kinds = new[] { "wheel_build" }, max = 3, wait_seconds = 0.05 }, size: 0);
        foreach (var claim in claims.EnumerateArray())
        {
            var stepId = claim.GetProperty("step_id").GetString()!;
            using var response = await http.PostAsJsonAsync($"/api/steps/{stepId}/complete", new { pod_id = "pod-outside", fence = claim.GetProperty("fence").GetInt64() });
            if (response.IsSuccessStatusCode)
            {
                reported.AddOrUpdate($"{stepId}@{claim.GetProperty("attempt").GetInt64()}", 1, (_, count) => count + 1);
            }
        }
    }

    private static async Task UntilDeathAsync(HostRun host, Func<HttpClient, Task> work)
    {
        try
        {
            using var http = new HttpClient { BaseAddress = await host.ReadyAsync() };
            await work(http);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or InvalidOperationException && host.IsKilled)
        {
        }
    }

    private async Task<JsonElement> PostAsync(HttpClient http, string path, object body, int size)
    {
        Interlocked.Add(ref unanswered, size);
        using var response = await http.PostAsJsonAsync(path, body);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(response.IsSuccessStatusCode, $"{path} answered {(int)response.StatusCode}: {answer}");
        Interlocked.Add(ref unanswered, -size);
        return answer;
    }
}
