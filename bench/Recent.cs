using System.Text;

namespace Refinery.Bench;

/// <summary>Lists the newest events over HTTP among many: <c>recent [events = 1000000]</c>.</summary>
internal static class Recent
{
    private const int Calls = 4_000;
    private const int Callers = 2;

    public static async Task RunAsync(string[] settings)
    {
        var events = settings.Length > 0 ? int.Parse(settings[0]) : 1_000_000;
        await using var host = await HostProcess.StartAsync();
        const int Size = 1_000;
        var filled = await Load.RunAsync(4, events / Size, number => FillAsync(host, number, Size));
        Console.WriteLine($"append: {filled.PerSecond * Size:N0} events/s; p50 {filled.P50:N1} ms, p99 {filled.P99:N1} ms an array ({events} events by POST /api/history in arrays of {Size}, 4 connections, sqlite synchronous=FULL, journal, file and history on)");
        foreach (var query in new[] { "limit=50", "limit=50&package=package-7", "limit=50&status=failed", "limit=50&offset=10000" })
        {
            await Load.RunAsync(Callers, 200, _ => host.Http.GetByteArrayAsync($"/api/recent?{query}"));
            var result = await Load.RunAsync(Callers, Calls, _ => host.Http.GetByteArrayAsync($"/api/recent?{query}"));
            Console.WriteLine($"recent: {query}: p50 {result.P50:N1} ms, p99 {result.P99:N1} ms, {result.PerSecond:N0}/s ({Calls} GET /api/recent among {events} events, {Callers} connections)");
        }
    }

    private static Task<byte[]> FillAsync(HostProcess host, int number, int size)
    {
        string[] words = ["built", "built", "queued", "building", "failed"];
        var items = Enumerable.Range(0, size).Select(item =>
            $$"""{"name":"package-{{((number * size) + item) % 997}}","version":"1.{{number}}","status":"{{words[item % 5]}}","python_tag":"cp311","platform_tag":"manylinux2014_s390x","duration_ms":{{item}}}""");
        return Load.PostAsync(host.Http, "/api/history", Encoding.UTF8.GetBytes($"[{string.Join(',', items)}]"));
    }
}
