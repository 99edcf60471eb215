using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Refinery.Bench;

/// <summary>Builds over HTTP: lists by each filter, one build, cancel and the figures, among 10,000 and among 1,000,000 builds: <c>builds [count = 1000000]</c>.</summary>
internal static class Builds
{
    private const int Few = 10_000;
    private const int Round = 500;
    private const int Waiting = 20;
    private const int Dropped = 10;
    private const int Customers = 10;
    private const int BuildsOfParser = 200;
    private const int Calls = 1_000;
    private const int Warming = 200;
    private const int Callers = 2;

    public static async Task RunAsync(string[] settings)
    {
        var many = settings.Length > 0 ? int.Parse(settings[0], CultureInfo.InvariantCulture) : 1_000_000;
        await using var host = await HostProcess.StartAsync("HINT_CATALOGUE=0", "LOCAL_WORKER=0", "FLEET_Q_LEASE_SEC=3600");
        var before = new Dictionary<string, LoadResult>(StringComparer.Ordinal);
        var ids = new List<string>();
        foreach (var count in new[] { Few, many })
        {
            while (ids.Count < count)
            {
                await MakeAsync(host, ids);
            }

            foreach (var (name, call) in Questions(host, ids))
            {
                // The first time all of it is compiled too.
                await Load.RunAsync(Callers, Calls, call);
                Tell(name, await Load.RunAsync(Callers, Calls, call), count, before);
            }

            foreach (var isClaimed in new[] { false, true })
            {
                var active = await ActiveAsync(host, isClaimed);
                Task<byte[]> CancelAsync(int number) => Load.PostAsync(host.Http, $"/builds/{active[number]}/cancel", []);
                await Load.RunAsync(Callers, Warming, CancelAsync);
                Tell(isClaimed ? "cancel running" : "cancel pending", await Load.RunAsync(Callers, Calls, number => CancelAsync(Warming + number)), count, before);
            }
        }
    }

    private static IEnumerable<(string Name, Func<int, Task> Call)> Questions(HostProcess host, List<string> ids)
    {
        Func<int, Task> Get(Func<int, string> path) => number => host.Http.GetByteArrayAsync(path(number));
        var parsers = ids.Count / BuildsOfParser;
        int Parser(int number) => (int)((long)number * 7919 % parsers);
        yield return ("list", Get(_ => "/builds?limit=100"));
        foreach (var status in new[] { "pending", "running", "succeeded", "failed", "cancelled" })
        {
            yield return ($"list {status}", Get(_ => $"/builds?limit=100&status={status}"));
        }

        yield return ("list third_party", Get(number => $"/builds?limit=100&third_party_id=customer-{number % Customers}"));
        yield return ("list third_party failed", Get(number => $"/builds?limit=100&status=failed&third_party_id=customer-{number % Customers}"));
        yield return ("list parser", Get(number => $"/builds?limit=100&parser_id=parser-{Parser(number)}"));
        yield return ("list parser succeeded", Get(number => $"/builds?limit=100&status=succeeded&parser_id=parser-{Parser(number)}"));
        yield return ("list both", Get(number => $"/builds?limit=100&third_party_id=customer-{Parser(number) % Customers}&parser_id=parser-{Parser(number)}"));
        yield return ("list all three", Get(number => $"/builds?limit=100&status=succeeded&third_party_id=customer-{Parser(number) % Customers}&parser_id=parser-{Parser(number)}"));
        yield return ("get", Get(number => $"/builds/{ids[(int)((long)number * 7919 % ids.Count)]}"));
        yield return ("stats", Get(_ => "/async-jobs/stats"));
    }

    /// <summary>Makes 500 builds: most end, some run on, some wait, some are cancelled.</summary>
    private static async Task MakeAsync(HostProcess host, List<string> ids)
    {
        var round = ids.Count / Round;
        var items = Enumerable.Range(ids.Count, Round).Select(number => Item(number, round));
        using var queued = JsonDocument.Parse(await Load.PostAsync(host.Http, "/api/queue/enqueue", Encoding.UTF8.GetBytes($"[{string.Join(',', items)}]")));
        ids.AddRange(queued.RootElement.EnumerateArray().Select(build => build.GetProperty("build_id").GetString() ?? string.Empty));
        var claim = $$"""{"pod_id":"bench","kinds":["wheel_build"],"max":{{Round - Waiting}},"start":true}""";
        using var claimed = JsonDocument.Parse(await Load.PostAsync(host.Http, "/api/steps/claim", Encoding.UTF8.GetBytes(claim)));
        var endings = claimed.RootElement.EnumerateArray().Where((_, number) => number % 50 != 0).Select(Ending);
        await Load.PostAsync(host.Http, "/api/steps/complete", Encoding.UTF8.GetBytes($"[{string.Join(',', endings)}]"));
        await Load.PostAsync(host.Http, "/api/builds/cancel", Encoding.UTF8.GetBytes($$"""{"run_id":"drop-{{round}}","package":"pkg"}"""));
    }

    private static string Item(int number, int round)
    {
        var parser = number / BuildsOfParser;
        var rest = (number % Round) switch
        {
            < Dropped => $$""","priority":-1,"run_id":"drop-{{round}}" """,
            < Waiting => ""","priority":-1 """,
            _ => string.Empty,
        };
        return $$"""{"package":"pkg","version":"1.{{number}}","third_party_id":"customer-{{parser % Customers}}","parser_id":"parser-{{parser}}"{{rest}}}""";
    }

    private static string Ending(JsonElement step, int number) =>
        $$"""{"step_id":"{{step.GetProperty("step_id").GetString()}}","pod_id":"bench","fence":{{step.GetProperty("fence").GetInt64()}},"succeeded":{{(number % 4 == 0 ? "false" : "true")}},"retryable":false}""";

    /// <summary>Further builds, each claimed and started or left waiting.</summary>
    private static async Task<List<string>> ActiveAsync(HostProcess host, bool isClaimed)
    {
        var item = $$"""{"package":"cancelled","version":"1.0","priority":{{(isClaimed ? 1 : -2)}}}""";
        var items = Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat(item, Warming + Calls))}]");
        using var queued = JsonDocument.Parse(await Load.PostAsync(host.Http, "/api/queue/enqueue", items));
        for (var left = isClaimed ? Warming + Calls : 0; left > 0; left -= 400)
        {
            await Load.PostAsync(host.Http, "/api/steps/claim", """{"pod_id":"bench","kinds":["wheel_build"],"max":400,"start":true}"""u8.ToArray());
        }

        return [.. queued.RootElement.EnumerateArray().Select(build => build.GetProperty("build_id").GetString() ?? string.Empty)];
    }

    private static void Tell(string name, LoadResult result, int count, Dictionary<string, LoadResult> before)
    {
        var growth = before.TryGetValue(name, out var few) ? $", {result.P50 / few.P50:N2} times the p50 among {Few}" : string.Empty;
        before.TryAdd(name, result);
        Console.WriteLine($"{name}: p50 {result.P50:N2} ms, p99 {result.P99:N2} ms among {count} builds{growth} ({result.Calls} calls over HTTP, {Callers} connections)");
    }
}
