using System.Diagnostics;
using System.Net.Http.Headers;

namespace Refinery.Bench;

/// <summary>A closed loop of callers against the host, and what came of it.</summary>
internal static class Load
{
    /// <summary>Runs so many callers until the calls are used up.</summary>
    /// <param name="call">One call; gets its number.</param>
    public static async Task<LoadResult> RunAsync(int callers, int calls, Func<int, Task> call)
    {
        var next = -1;
        var latencies = new double[calls];
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var number && number < calls)
            {
                var began = clock.Elapsed;
                await call(number);
                latencies[number] = (clock.Elapsed - began).TotalMilliseconds;
            }
        })));
        clock.Stop();
        Array.Sort(latencies);
        return new LoadResult(clock.Elapsed, calls, latencies[calls / 2], latencies[(int)(calls * 0.95)], latencies[(int)(calls * 0.99)], latencies[^1]);
    }

    /// <summary>POSTs JSON bytes and fails on any answer but 2xx.</summary>
    public static async Task<byte[]> PostAsync(HttpClient http, string path, byte[] json)
    {
        using var content = new ByteArrayContent(json);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await http.PostAsync(path, content);
        var answer = await response.Content.ReadAsByteArrayAsync();
        response.EnsureSuccessStatusCode();
        return answer;
    }
}

/// <summary>Figures of one load.</summary>
internal sealed record LoadResult(TimeSpan Elapsed, int Calls, double P50, double P95, double P99, double Max)
{
    public double PerSecond => Calls / Elapsed.TotalSeconds;
}
