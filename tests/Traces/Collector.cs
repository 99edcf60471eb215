using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Refinery.Tests.Traces;

/// <summary>A collector on loopback that takes spans as OTLP by HTTP and keeps them.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly LoopbackServer server;

    private Collector() => server = new LoopbackServer(TakeAsync);

    public ConcurrentQueue<ReceivedSpan> Spans { get; } = new();

    /// <summary>Every body, letter by letter.</summary>
    public ConcurrentQueue<string> Bodies { get; } = new();

    /// <summary>Turns a process's export on, without the usual wait for more.</summary>
    public (string Name, string Value)[] Settings => [("OTEL_EXPORTER_OTLP_ENDPOINT", server.Root), ("OTEL_BSP_SCHEDULE_DELAY", "50")];

    public static async Task<Collector> StartAsync()
    {
        var collector = new Collector();
        await collector.server.StartAsync();
        return collector;
    }

    /// <summary>The spans of a trace, once these are among them and each hangs under one of them or under the caller's own.</summary>
    public async Task<IReadOnlyList<ReceivedSpan>> TraceAsync(Caller caller, params string[] names)
    {
        IReadOnlyList<ReceivedSpan> trace = [];
        await Wait.UntilAsync(() =>
        {
            trace = [.. Spans.Where(span => span.TraceId == caller.TraceId)];
            var known = trace.Select(span => span.SpanId).Append(caller.SpanId).ToHashSet(StringComparer.Ordinal);
            return Task.FromResult(names.All(name => trace.Any(span => span.Name == name)) && trace.All(span => known.Contains(span.ParentId)));
        });
        return trace;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        Assert.Equal("/v1/traces", context.Request.Path);
        Bodies.Enqueue(Encoding.Latin1.GetString(body.ToArray()));
        foreach (var span in OtlpReader.Read(body.ToArray()))
        {
            Spans.Enqueue(span);
        }
    }
}

/// <summary>A span as it came.</summary>
/// <param name="ParentId">Empty for the first span of a trace.</param>
/// <param name="Tags">Its attributes, and those of the process that sent it.</param>
/// <param name="Status">0 unset, 1 good, 2 an error.</param>
internal sealed record ReceivedSpan(
    string TraceId, string SpanId, string ParentId, string Name, string Scope, IReadOnlyDictionary<string, string> Tags, long Status, string StatusText);

/// <summary>A caller who has a trace of his own.</summary>
internal sealed record Caller(string TraceId, string SpanId)
{
    public const string State = "vendor=opaque";

    public string Traceparent => $"00-{TraceId}-{SpanId}-01";

    public static Caller New() => new(
        System.Diagnostics.ActivityTraceId.CreateRandom().ToHexString(), System.Diagnostics.ActivitySpanId.CreateRandom().ToHexString());

    /// <summary>A request that carries the trace.</summary>
    public HttpRequestMessage Post(string path, object body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = System.Net.Http.Json.JsonContent.Create(body) };
        request.Headers.Add("traceparent", Traceparent);
        request.Headers.Add("tracestate", State);
        return request;
    }
}
