using System.Text;

namespace Refinery.Bench;

/// <summary>Single submits over HTTP, each durable before its answer.</summary>
internal static class Submit
{
    public static async Task RunAsync(string[] settings)
    {
        var calls = settings.Length > 0 ? int.Parse(settings[0]) : 40_000;
        const int Callers = 64;
        await using var host = await HostProcess.StartAsync();
        await Load.RunAsync(Callers, 4_000, number => OneAsync(host, number));

        var before = host.ProcessorTime;
        var result = await Load.RunAsync(Callers, calls, number => OneAsync(host, number));

        var cpu = (host.ProcessorTime - before).TotalMicroseconds / calls;
        Console.WriteLine($"submit: {result.PerSecond:N0} steps/s; p50 {result.P50:N1} ms, p99 {result.P99:N1} ms; host {cpu:N0} µs processor/step ({calls} POST /api/queue/enqueue, {Callers} connections, sqlite synchronous=FULL, journal and history on)");
    }

    private static Task<byte[]> OneAsync(HostProcess host, int number) => Load.PostAsync(
        host.Http, "/api/queue/enqueue", Encoding.UTF8.GetBytes($$"""{"package":"package-{{number % 997}}","version":"1.{{number}}","python_tag":"cp311","platform_tag":"manylinux2014_s390x","priority":{{number % 5}}}"""));
}
