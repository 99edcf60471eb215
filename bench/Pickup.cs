using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Refinery.Bench;

/// <summary>From the instant a step is due to be submitted until somebody has it in hands, at a steady rate: <c>pickup [rate = 100]</c>.</summary>
internal static class Pickup
{
    private const int Seconds = 20;
    private const int WarmUp = 300;

    public static async Task RunAsync(string[] settings)
    {
        var rate = settings.Length > 0 ? int.Parse(settings[0]) : 100;
        await LocalAsync(rate);
        await RemoteAsync(rate);
    }

    /// <summary>The local pod runs the step, and its handler calls this process: what is measured ends when the call arrives.</summary>
    private static async Task LocalAsync(int rate)
    {
        var arrivals = new Arrivals();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var service = builder.Build();
        service.Run(async context =>
        {
            using var step = await JsonDocument.ParseAsync(context.Request.Body);
            arrivals.Note(step.RootElement.GetProperty("args"));
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        });
        await service.StartAsync();
        await using var host = await HostProcess.StartAsync($"HTTP_STEPS=pickup={service.Urls.First()}", "FLEET_Q_MAX_PARALLELISM=20");
        await SubmitAsync(host, rate, arrivals);
        Console.WriteLine($"pickup: local pod: {arrivals.Figures()} (due to be submitted → call of its handler here; {rate}/s for {Seconds} s after {WarmUp} to warm up, open loop, capacity 16)");
    }

    /// <summary>Pods elsewhere wait for work by long poll: what is measured ends when the claim is in their hands.</summary>
    private static async Task RemoteAsync(int rate)
    {
        const int Pods = 4;
        var arrivals = new Arrivals();
        await using var host = await HostProcess.StartAsync();
        using var stop = new CancellationTokenSource();
        var pods = Enumerable.Range(0, Pods).Select(number => Task.Run(() => ClaimAsync(host, $"pod-{number}", arrivals, stop.Token))).ToList();
        await SubmitAsync(host, rate, arrivals);
        await stop.CancelAsync();
        await Task.WhenAll(pods);
        Console.WriteLine($"pickup: remote pod by long poll: {arrivals.Figures()} (due to be submitted → claim received; {rate}/s for {Seconds} s after {WarmUp} to warm up, open loop, {Pods} pods)");
    }

    private static async Task ClaimAsync(HostProcess host, string pod, Arrivals arrivals, CancellationToken stop)
    {
        var claim = Encoding.UTF8.GetBytes($$"""{"pod_id":"{{pod}}","kinds":["pickup"],"max":1,"wait_seconds":5}""");
        while (!stop.IsCancellationRequested)
        {
            using var claimed = JsonDocument.Parse(await Load.PostAsync(host.Http, "/api/steps/claim", claim));
            foreach (var step in claimed.RootElement.EnumerateArray())
            {
                arrivals.Note(step.GetProperty("args"));
                await Load.PostAsync(host.Http, $"/api/steps/{step.GetProperty("step_id").GetString()}/complete", Encoding.UTF8.GetBytes(
                    $$"""{"pod_id":"{{pod}}","fence":{{step.GetProperty("fence").GetInt64()}}}"""));
            }
        }
    }

    /// <summary>Submits at the rate, late or not, and waits until every step has arrived.</summary>
    private static async Task SubmitAsync(HostProcess host, int rate, Arrivals arrivals)
    {
        for (var number = 0; number < WarmUp; number++)
        {
            await OneAsync(host, -1);
        }

        var calls = new List<Task>();
        arrivals.Begin(rate, rate * Seconds);
        for (var number = 0; number < rate * Seconds; number++)
        {
            await arrivals.DueAsync(number);
            var mine = number;
            calls.Add(Task.Run(() => OneAsync(host, mine)));
        }

        await Task.WhenAll(calls);
        await arrivals.AllAsync();
    }

    private static Task<byte[]> OneAsync(HostProcess host, int number) =>
        Load.PostAsync(host.Http, "/submit", Encoding.UTF8.GetBytes($$$"""{"type":"pickup","args":{"number":{{{number}}}}}"""));

    /// <summary>When each step was due and when it arrived.</summary>
    private sealed class Arrivals
    {
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private readonly TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ConcurrentDictionary<int, double> waits = new();
        private TimeSpan began;
        private int rate;
        private int expected;

        public void Begin(int perSecond, int count)
        {
            (rate, expected, began) = (perSecond, count, clock.Elapsed);
        }

        public async Task DueAsync(int number)
        {
            var wait = Due(number) - clock.Elapsed;
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait);
            }
        }

        public void Note(JsonElement args)
        {
            var now = clock.Elapsed;
            var number = args.GetProperty("number").GetInt32();
            if (number < 0)
            {
                return;
            }

            if (!waits.TryAdd(number, (now - Due(number)).TotalMilliseconds))
            {
                throw new InvalidOperationException($"Step {number} arrived twice.");
            }

            if (waits.Count == expected)
            {
                all.TrySetResult();
            }
        }

        public Task AllAsync() => all.Task.WaitAsync(TimeSpan.FromMinutes(2));

        public string Figures()
        {
            var sorted = waits.Values.Order().ToList();
            return $"p50 {sorted[sorted.Count / 2]:N1} ms, p99 {sorted[sorted.Count * 99 / 100]:N1} ms, most {sorted[^1]:N1} ms, {expected - sorted.Count} lost";
        }

        private TimeSpan Due(int number) => began + TimeSpan.FromSeconds((double)number / rate);
    }
}
