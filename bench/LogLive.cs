using System.Diagnostics;
using System.IO.Pipelines;
using System.Net;
using System.Text;

namespace Refinery.Bench;

/// <summary>Sends a line and waits until a follower has it, again and again: <c>log-live [lines = 300]</c>. With <c>POSTGRES_DSN</c> the follower is at another host.</summary>
internal static class LogLive
{
    public static async Task RunAsync(string[] settings)
    {
        var lines = settings.Length > 0 ? int.Parse(settings[0]) : 300;
        await using var hosts = await HostPair.StartAsync();
        using var body = new LineBody();
        var sending = hosts.Writer.Http.PostAsync("/api/logs/stream/numpy/1.0", body);
        await body.SendAsync(0);
        using var reader = await FollowAsync(hosts.Reader);
        await ReadAsync(reader, 0);
        var random = new Random(1);
        var times = new List<double>();
        for (var number = 1; number <= lines; number++)
        {
            // Lines do not come in step with whoever gathers them.
            await Task.Delay(random.Next(250));
            var watch = Stopwatch.StartNew();
            await body.SendAsync(number);
            await ReadAsync(reader, number);
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        var end = Stopwatch.StartNew();
        body.Complete();
        while (await reader.ReadLineAsync() is { } line && line != "event: end")
        {
        }

        var ended = end.Elapsed.TotalMilliseconds;
        (await sending).EnsureSuccessStatusCode();
        times.Sort();
        Console.WriteLine($"log-live: p50 {times[lines / 2]:N1} ms, p95 {times[lines * 95 / 100]:N1} ms, most {times[^1]:N1} ms from a line's sending to its follower, the end {ended:N1} ms ({lines} lines, each 0 to 250 ms after the last; {hosts.Describe()})");
    }

    /// <summary>Follows as soon as there is something to follow.</summary>
    private static async Task<StreamReader> FollowAsync(HostProcess host)
    {
        while (true)
        {
            var response = await host.Http.GetAsync("/api/logs/stream/numpy/1.0?follow=1", HttpCompletionOption.ResponseHeadersRead);
            if (response.IsSuccessStatusCode)
            {
                return new StreamReader(await response.Content.ReadAsStreamAsync());
            }

            response.Dispose();
            await Task.Delay(20);
        }
    }

    private static async Task ReadAsync(StreamReader reader, int number)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.EndsWith($"line {number}.\"}}", StringComparison.Ordinal))
            {
                return;
            }
        }

        throw new InvalidOperationException($"The stream ended before line {number}.");
    }

    /// <summary>A body that is sent line by line.</summary>
    private sealed class LineBody : HttpContent
    {
        private readonly Pipe pipe = new();

        public LineBody() => Headers.ContentType = new("text/plain");

        public async Task SendAsync(int number) => await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes($"line {number}.\n"));

        public void Complete() => pipe.Writer.Complete();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            ReadResult read;
            do
            {
                read = await pipe.Reader.ReadAsync();
                foreach (var piece in read.Buffer)
                {
                    await stream.WriteAsync(piece);
                }

                await stream.FlushAsync();
                pipe.Reader.AdvanceTo(read.Buffer.End);
            }
            while (!read.IsCompleted);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
