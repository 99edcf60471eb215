using System.Text;
using System.Text.Json;

namespace Refinery.Bench;

/// <summary>Claims steps in batches and completes each batch, over HTTP, until the queue is empty; counts that none is lost or doubled.</summary>
internal static class ClaimComplete
{
    public static async Task RunAsync(string[] settings)
    {
        var batch = settings.Length > 0 ? int.Parse(settings[0]) : 50;
        var steps = batch == 1 ? 10_000 : 60_000;
        const int Callers = 4;
        await using var host = await HostProcess.StartAsync();
        await FillAsync(host, steps);

        var seen = new HashSet<string>(StringComparer.Ordinal);
        var before = host.ProcessorTime;
        var calls = (steps + batch - 1) / batch;
        var result = await Load.RunAsync(Callers, calls, number => OneAsync(host, $"pod-{number % Callers}", batch, seen));

        var cpu = (host.ProcessorTime - before).TotalMicroseconds / steps;
        var floor = EngineFloor.OfClaims(host.DatabasePath, steps, Callers * batch);
        Console.WriteLine($"claim-complete: {steps / result.Elapsed.TotalSeconds:N0} steps/s, the engine alone {floor:N0}; p50 {result.P50:N1} ms, p99 {result.P99:N1} ms a batch; host {cpu:N0} µs processor/step; {steps - seen.Count} lost ({steps} steps in batches of {batch}, {Callers} connections, sqlite synchronous=FULL, journal, history, graph and builds on)");
    }

    private static async Task FillAsync(HostProcess host, int steps)
    {
        for (var done = 0; done < steps; done += 1000)
        {
            var items = Enumerable.Range(done, Math.Min(1000, steps - done)).Select(item => $$"""{"package":"package-{{item % 997}}","version":"1.{{item}}"}""");
            await Load.PostAsync(host.Http, "/api/queue/enqueue", Encoding.UTF8.GetBytes($"[{string.Join(',', items)}]"));
        }
    }

    private static async Task OneAsync(HostProcess host, string pod, int batch, HashSet<string> seen)
    {
        var answer = await Load.PostAsync(host.Http, "/api/steps/claim", Encoding.UTF8.GetBytes($$"""{"pod_id":"{{pod}}","kinds":["wheel_build"],"max":{{batch}}}"""));
        using var claimed = JsonDocument.Parse(answer);
        var done = new StringBuilder();
        lock (seen)
        {
            foreach (var step in claimed.RootElement.EnumerateArray())
            {
                var id = step.GetProperty("step_id").GetString() ?? string.Empty;
                if (!seen.Add(id))
                {
                    throw new InvalidOperationException($"Step {id} was claimed twice.");
                }

                done.Append(done.Length == 0 ? '[' : ',').Append($$"""{"step_id":"{{id}}","pod_id":"{{pod}}","fence":{{step.GetProperty("fence").GetInt64()}}}""");
            }
        }

        if (done.Length > 0)
        {
            await Load.PostAsync(host.Http, "/api/steps/complete", Encoding.UTF8.GetBytes(done.Append(']').ToString()));
        }
    }
}
