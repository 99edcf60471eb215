using System.Diagnostics.Metrics;
using Refinery.Host.Web;

namespace Refinery.Host.Metrics;

/// <summary>Counts and times every request by route template, method and status.</summary>
/// <remarks>Source: docs/spec/control-plane-api.md, "Health, configuration, metrics".</remarks>
internal sealed class RequestMetrics
{
    private const string NoRoute = "unmatched";

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

    private async Task MeasureAsync(HttpContext context)
    {
        var start = clock.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            Record(context, clock.GetElapsedTime(start));
        }
    }

    private void Record(HttpContext context, TimeSpan duration)
    {
        var endpoint = KeyValuePair.Create("endpoint", (object?)(RequestLabels.Route(context) ?? NoRoute));
        var method = KeyValuePair.Create("method", (object?)RequestLabels.Method(context));
        var status = KeyValuePair.Create("status", (object?)context.Response.StatusCode);
        requests.Add(1, endpoint, method, status);
        durations.Record(duration.TotalSeconds, endpoint, method, status);
    }
}
