using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Refinery.Bench;

/// <summary>
/// Stores generated build logs over HTTP and searches them over HTTP: <c>log-search [megabytes = 1024]</c>. With <c>POSTGRES_DSN</c> (an
/// empty database) they are stored at one host and searched at another.
/// </summary>
internal static class LogSearchHttp
{
    private const int Callers = 4;
    private const int Rounds = 300;

    public static async Task RunAsync(string[] settings)
    {
        var megabytes = settings.Length > 0 ? int.Parse(settings[0]) : 1024;
        await using var hosts = await HostPair.StartAsync();
        var host = hosts.Reader;
        var rare = await StoreAsync(hosts, megabytes);
        await SearchAsync(host, "literal rare", rare.ConvertAll(text => $"q={Uri.EscapeDataString(text)}"));
        await SearchAsync(host, "literal common", ["q=subprocess%20exited%20with%202"]);
        await SearchAsync(host, "literal absent", [.. Enumerable.Range(0, Rounds).Select(seed => $"q={new BuildLogText(-seed - 1).Word(8, 12)}")]);
        await SearchAsync(host, "regex, literal rare", rare.ConvertAll(text => $"regex=1&q={Uri.EscapeDataString($"{System.Text.RegularExpressions.Regex.Escape(text)}.*$")}"));
        await SearchAsync(host, "regex, literal common", [$"regex=1&q={Uri.EscapeDataString(@"warning: .* '[a-z]+_x[a-z]+'")}"]);
        await SearchAsync(host, "regex without literal, absent", [$"regex=1&q={Uri.EscapeDataString(@"[A-Z]{5}\d[A-Z]{5}")}"]);
    }

    /// <returns>Texts that stand in one log each.</returns>
    private static async Task<List<string>> StoreAsync(HostPair hosts, int megabytes)
    {
        var rare = new List<string>();
        var stored = 0L;
        var time = TimeSpan.Zero;
        for (var batch = 0; stored < (long)megabytes << 20; batch++)
        {
            // Made before the clock runs: what is measured is the taking in.
            var bodies = Enumerable.Range(0, 40 * Callers).Select(number => Body((batch * 40 * Callers) + number, rare)).ToList();
            var result = await Load.RunAsync(Callers, bodies.Count, number => Load.PostAsync(hosts.Writer.Http, "/api/logs", bodies[number]));
            time += result.Elapsed;
            stored += bodies.Sum(body => (long)body.Length);
        }

        var behind = Stopwatch.StartNew();
        while (await IsCutAsync(hosts.Reader))
        {
        }

        Console.WriteLine($"log-search: {stored / 1e6 / time.TotalSeconds:N0} MB/s taken in ({stored >> 20} MB of POST /api/logs of 2 to 400 KB, {Callers} connections, fsync on; {hosts.Describe()}); searched whole {behind.Elapsed.TotalMilliseconds:N0} ms after the last answer");
        return rare;
    }

    private static async Task<bool> IsCutAsync(HostProcess host)
    {
        using var response = await host.Http.GetAsync("/api/logs/search?limit=1&q=subprocess");
        response.EnsureSuccessStatusCode();
        return response.Headers.Contains("X-Search-Truncated");
    }

    private static byte[] Body(int number, List<string> rare)
    {
        var random = new Random(number);
        var log = Encoding.ASCII.GetString(new BuildLogText(number).Next(random));
        if (number % 40 == 0 && BuildLogText.RarePart(log) is { } part)
        {
            rare.Add(part);
        }

        return JsonSerializer.SerializeToUtf8Bytes(new { name = $"package-{number % 997}", version = $"1.{number}", content = log });
    }

    private static async Task SearchAsync(HostProcess host, string kind, List<string> queries)
    {
        var found = 0L;
        var result = await Load.RunAsync(1, Rounds, async number =>
        {
            var answer = await host.Http.GetByteArrayAsync($"/api/logs/search?limit=50&{queries[number % queries.Count]}");
            found += JsonElement.Parse(answer).GetArrayLength();
        });
        Console.WriteLine($"log-search: {kind}: p50 {result.P50:N1} ms, p95 {result.P95:N1} ms, most {result.Max:N1} ms; {(double)found / Rounds:N1} lines a page (GET /api/logs/search, limit=50, {Rounds} calls, 1 connection)");
    }
}
