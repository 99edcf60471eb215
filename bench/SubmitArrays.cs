using System.Text;

namespace Refinery.Bench;

/// <summary>Submits in arrays over HTTP, each array durable before its answer.</summary>
internal static class SubmitArrays
{
    public static async Task RunAsync(string[] settings)
    {
        var size = settings.Length > 0 ? int.Parse(settings[0]) : 100;
        const int Callers = 8;
        const int Calls = 1_500;
        await using var host = await HostProcess.StartAsync();
        await Load.RunAsync(Callers, 100, number => OneAsync(host, number, size));

        var before = host.ProcessorTime;
        var result = await Load.RunAsync(Callers, Calls, number => OneAsync(host, number, size));

        var cpu = (host.ProcessorTime - before).TotalMicroseconds / (Calls * size);
        var floor = EngineFloor.OfSubmits(host.DatabasePath, (Calls + 100) * size, Callers * size);
        Console.WriteLine($"submit-arrays: {result.PerSecond * size:N0} steps/s, the engine alone {floor:N0}; p50 {result.P50:N1} ms, p99 {result.P99:N1} ms an array; host {cpu:N0} µs processor/step ({Calls} arrays of {size}, {Callers} connections, sqlite synchronous=FULL, journal, history, graph and builds on)");
    }

    private static Task<byte[]> OneAsync(HostProcess host, int number, int size)
    {
        var items = Enumerable.Range(0, size).Select(item =>
            $$"""{"package":"package-{{item}}","version":"1.{{number}}","python_tag":"cp311","platform_tag":"manylinux2014_s390x","priority":{{item % 5}}}""");
        return Load.PostAsync(host.Http, "/api/queue/enqueue", Encoding.UTF8.GetBytes($"[{string.Join(',', items)}]"));
    }
}
