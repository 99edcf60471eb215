using Refinery.Kernel.Web;

namespace Refinery.Host.Metrics;

/// <summary>Serves the metrics under <c>/api</c> and, where scrapers look first, at the root.</summary>
internal static class MetricsEndpoints
{
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static void AddMetricsText(this IServiceCollection services)
    {
        services.AddSingleton<MetricsCollection>();
        services.AddHostedService(provider => provider.GetRequiredService<MetricsCollection>());
        services.AddSingleton<QueueGauges>();
        services.AddHostedService<JournalMetrics>();
    }

    public static void MapMetrics(this IEndpointRouteBuilder routes)
    {
        foreach (var (path, name) in new[] { ("/api/metrics", "Metrics"), ("/metrics", "MetricsAtRoot") })
        {
            routes.MapGet(path, WriteAsync).WithTags("System")
                .Produces<string>(StatusCodes.Status200OK, "text/plain").ProducesProblem(StatusCodes.Status501NotImplemented)
                .WithName(name)
                .WithSummary("Metrics as Prometheus text.")
                .WithDescription("Prometheus text 0.0.4 when the flag Metrics is on (FeatureManagement__Metrics=true), else 501.");
        }
    }

    private static async Task<IResult> WriteAsync(MetricsCollection metrics, IServiceProvider services, CancellationToken cancellationToken)
    {
        if (!metrics.IsOn)
        {
            return Errors.NotSupported("Metrics are off; set FeatureManagement__Metrics=true to collect and serve them.");
        }

        await services.GetRequiredService<QueueGauges>().ReadAsync(cancellationToken);
        return Results.Text(await metrics.WriteAsync(cancellationToken), ContentType);
    }
}
