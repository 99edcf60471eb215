using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Diagnostics;

namespace Refinery.Host.Metrics;

/// <summary>Counts and times every request by route template, method and status.</summary>
/// <remarks>Source: docs/spec/control-plane-api.md, "Health, configuration, metrics".</remarks>
internal sealed class RequestMetrics
{
    private const string NoRoute = "unmatched";
    private static readonly string[] Known = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"];

    private readonly RequestDelegate next;
    private readonly TimeProvider clock;
    private readonly Counter<long> requests;
    private readonly Histogram<double> durations;

    public RequestMetrics(RequestDelegate next, IMeterFactory meters, TimeProvider clock)
    {
        this.next = next;
        this.clock = clock;
        var meter = meters.Create("Refinery.Api");
        requests = meter.CreateCounter<long>("api.requests", unit: null, "Requests answered.");
        durations = meter.CreateHistogram(
            "api.request.duration",
            "s",
            "Time from a request's first byte to its answer's last.",
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] });
    }

    public Task InvokeAsync(HttpContext context) => requests.Enabled ? MeasureAsync(context) : next(context);

    private static string Route(HttpContext context)
    {
        // After a fault the endpoint is cleared; the handler keeps which it was.
        var endpoint = context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        return (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? NoRoute;
    }

    /// <summary>Anybody may invent methods; a label may not.</summary>
    private static string Method(string method) => Array.Find(Known, known => HttpMethods.Equals(known, method)) ?? "OTHER";

    private async Task MeasureAsync(HttpContext context)
    {
        var start = clock.GetTimestamp();
        await next(context);
        var endpoint = KeyValuePair.Create("endpoint", (object?)Route(context));
        var method = KeyValuePair.Create("method", (object?)Method(context.Request.Method));
        requests.Add(1, endpoint, method, KeyValuePair.Create("status", (object?)context.Response.StatusCode));
        durations.Record(clock.GetElapsedTime(start).TotalSeconds, endpoint, method);
    }
}
