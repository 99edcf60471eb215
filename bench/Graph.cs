using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Refinery.Bench;

/// <summary>The event graph over HTTP: ingest in bundles, then questions among all that, then verify and rebuild by the command line: <c>graph [events = 1000000]</c>.</summary>
internal static class Graph
{
    private const string Token = "bench";
    private const int Bundle = 100;
    private const int EventsOfAttempt = 5;
    private const int BundlesOfRound = 500;
    private const int Senders = 8;
    private const int Calls = 2_000;
    private const int Callers = 2;

    public static async Task RunAsync(string[] settings)
    {
        var events = settings.Length > 0 ? int.Parse(settings[0], CultureInfo.InvariantCulture) : 1_000_000;
        await using var host = await HostProcess.StartAsync($"LEVIATHAN_CONTROL_PLANE_TOKEN={Token}", "HINT_CATALOGUE=0", "LOCAL_WORKER=0");
        host.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        await IngestAsync(host, events);
        await AskAsync(host, "summary", events, _ => "/v1/graph/summary");
        await AskAsync(host, "attempt", events, number => $"/v1/attempts/attempt-{(long)number * 7919 % (events / EventsOfAttempt)}");
        await AskAsync(host, "checkpoint", events, _ => "/api/journal/checkpoint");
        await AskAsync(host, "proof", events, number => $"/api/journal/proof?sequence={1 + ((long)number * 7919 % events)}");
        await StepAtAsync(host, events);
        await VerifyAsync(host);
        await host.StopAsync();
        await CommandAsync(host, events, "verify-file", "verify", "--file", host.JournalPath);
        await CommandAsync(host, events, "rebuild", "rebuild-projections");
    }

    private static async Task IngestAsync(HostProcess host, int events)
    {
        var (spent, worst, before) = (TimeSpan.Zero, 0.0, host.ProcessorTime);
        for (var done = 0; done < events / Bundle; done += BundlesOfRound)
        {
            // Written before the clock runs: the sender shares the host's processors.
            var bodies = Enumerable.Range(done, Math.Min(BundlesOfRound, (events / Bundle) - done)).Select(Body).ToList();
            var round = await Load.RunAsync(Senders, bodies.Count, number => Load.PostAsync(host.Http, "/v1/events/ingest", bodies[number]));
            (spent, worst) = (spent + round.Elapsed, Math.Max(worst, round.P99));
        }

        var cpu = (host.ProcessorTime - before).TotalMicroseconds / events;
        Console.WriteLine($"ingest: {events / spent.TotalSeconds:N0} events/s; worst p99 of a round {worst:N0} ms a bundle; host {cpu:N1} µs processor/event ({events} events in bundles of {Bundle} over HTTP, {Senders} connections, sqlite synchronous=FULL, file, tree and every projection on)");
    }

    private static byte[] Body(int bundle)
    {
        var text = new StringBuilder($$"""{"target":"radix","bundle_id":"bundle-{{bundle}}","events":[""");
        for (var item = 0; item < Bundle; item += EventsOfAttempt)
        {
            var number = ((bundle * Bundle) + item) / EventsOfAttempt;
            Add(text, $"task-{number}", "task.created", $$""" "task_id":"task-{{number}}","node_type":"Task","title":"Rebuild package {{number % 997}}" """);
            Add(text, $"made-{number}", "attempt.created", $$""" "attempt_id":"attempt-{{number}}","node_type":"Attempt","task_id":"task-{{number}}","attempt_number":1,"status":"created" """);
            Add(text, $"start-{number}", "attempt.started", $$""" "attempt_id":"attempt-{{number}}","status":"running" """);
            Add(text, $"end-{number}", "attempt.succeeded", $$""" "attempt_id":"attempt-{{number}}","status":"succeeded","duration_ms":{{number % 60_000}} """);
            Add(text, $"file-{number}", "artifact.created", $$""" "attempt_id":"attempt-{{number}}","node_id":"artifact-{{number}}","artifact_type":"log","size_bytes":{{number}} """);
        }

        text.Length--;
        return Encoding.UTF8.GetBytes(text.Append("]}").ToString());
    }

    private static void Add(StringBuilder text, string id, string type, string payload) => text.Append(
        CultureInfo.InvariantCulture, $$"""{"event_id":"{{id}}","event_type":"{{type}}","timestamp":"2026-01-24T10:00:00.250Z","actor_id":"executor-001","payload":{ {{payload}} } },""");

    private static async Task AskAsync(HostProcess host, string name, int events, Func<int, string> path)
    {
        await Load.RunAsync(Callers, Calls / 10, number => host.Http.GetByteArrayAsync(path(number)));
        var result = await Load.RunAsync(Callers, Calls, number => host.Http.GetByteArrayAsync(path(number)));
        Console.WriteLine($"{name}: p50 {result.P50:N1} ms, p99 {result.P99:N1} ms, {result.PerSecond:N0}/s ({Calls} GET among {events} events, {Callers} connections)");
    }

    /// <summary>Steps of the host's own, of which each has become something since.</summary>
    private static async Task StepAtAsync(HostProcess host, int events)
    {
        const int Steps = 1_000;
        var ids = new List<string>();
        for (var step = 0; step < Steps; step++)
        {
            using var submitted = JsonDocument.Parse(await Load.PostAsync(host.Http, "/submit", """{"type":"bench","args":{}}"""u8.ToArray()));
            ids.Add(submitted.RootElement.GetProperty("step_id").GetString() ?? string.Empty);
        }

        using var now = JsonDocument.Parse(await host.Http.GetByteArrayAsync("/v1/graph/summary"));
        var at = now.RootElement.GetProperty("recent_events")[0].GetProperty("timestamp").GetString();
        var claim = """{"pod_id":"bench","kinds":["bench"],"max":500}"""u8.ToArray();
        for (var taken = 0; taken < Steps;)
        {
            using var claimed = JsonDocument.Parse(await Load.PostAsync(host.Http, "/api/steps/claim", claim));
            var endings = claimed.RootElement.EnumerateArray().Select(step =>
                $$"""{"step_id":"{{step.GetProperty("step_id").GetString()}}","pod_id":"bench","fence":{{step.GetProperty("fence").GetInt64()}}}""").ToList();
            await Load.PostAsync(host.Http, "/api/steps/complete", Encoding.UTF8.GetBytes($"[{string.Join(',', endings)}]"));
            taken += endings.Count;
        }

        await AskAsync(host, "step-at", events, number => $"/api/steps/{ids[number % Steps]}?at={at}");
    }

    /// <summary>Three times: the first also compiles.</summary>
    private static async Task VerifyAsync(HostProcess host)
    {
        for (var round = 1; round <= 3; round++)
        {
            var watch = Stopwatch.StartNew();
            var before = host.ProcessorTime;
            using var verdict = JsonDocument.Parse(await host.Http.GetByteArrayAsync("/v1/graph/verify"));
            var length = verdict.RootElement.GetProperty("length").GetInt64();
            Console.WriteLine($"verify {round}: {length / watch.Elapsed.TotalSeconds:N0} events/s, {(host.ProcessorTime - before).TotalMicroseconds / length:N2} µs processor/event, valid {verdict.RootElement.GetProperty("valid")} (GET /v1/graph/verify of {length} events in the database)");
        }
    }

    private static async Task CommandAsync(HostProcess host, int events, string name, params string[] arguments)
    {
        var watch = Stopwatch.StartNew();
        var told = await host.CommandAsync(arguments);
        Console.WriteLine($"{name}: {events / watch.Elapsed.TotalSeconds:N0} events/s with the start of the process; it said: {told.Trim()}");
    }
}
