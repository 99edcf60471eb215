using System.Collections.Concurrent;

namespace Refinery.Bench;

/// <summary>Single submits over HTTP, each durable before its answer, by a host that has run for a while.</summary>
internal static class Submit
{
    private const int Callers = 64;
    private const int WarmUp = 30_000;

    public static async Task RunAsync(string[] settings)
    {
        var calls = settings.Length > 0 ? int.Parse(settings[0]) : 40_000;
        await using var host = await HostProcess.StartAsync();
        var address = host.Http.BaseAddress ?? throw new InvalidOperationException("The host has no address.");
        var idle = new ConcurrentBag<PlainConnection>(await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => PlainConnection.OpenAsync(address))));
        await Load.RunAsync(Callers, WarmUp, number => OneAsync(idle, number));

        var before = host.ProcessorTime;
        var result = await Load.RunAsync(Callers, calls, number => OneAsync(idle, number));

        var cpu = (host.ProcessorTime - before).TotalMicroseconds / calls;
        var floor = EngineFloor.OfSubmits(host.DatabasePath, calls + WarmUp, Callers);
        Console.WriteLine($"submit: {result.PerSecond:N0} steps/s, the engine alone {floor:N0}; p50 {result.P50:N1} ms, p99 {result.P99:N1} ms; host {cpu:N0} µs processor/step ({calls} POST /api/queue/enqueue after {WarmUp} to warm up, {Callers} connections, sqlite synchronous=FULL, journal, history, graph and builds on)");
        foreach (var connection in idle)
        {
            connection.Dispose();
        }
    }

    private static async Task OneAsync(ConcurrentBag<PlainConnection> idle, int number)
    {
        if (!idle.TryTake(out var connection))
        {
            throw new InvalidOperationException("There are more callers than connections.");
        }

        await connection.PostAsync(
            "/api/queue/enqueue",
            $$"""{"package":"package-{{number % 997}}","version":"1.{{number}}","python_tag":"cp311","platform_tag":"manylinux2014_s390x","priority":{{number % 5}}}""");
        idle.Add(connection);
    }
}
