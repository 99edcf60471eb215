using Microsoft.FeatureManagement;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Refinery.Host.Metrics;

/// <summary>Collects every meter of ours while the flag Metrics is on, and hands out the state as text.</summary>
/// <param name="features">Asked once, at the start.</param>
internal sealed class MetricsCollection(IVariantFeatureManager features) : IHostedService, IDisposable
{
    private readonly SemaphoreSlim one = new(1, 1);
    private readonly PrometheusExporter exporter = new();
    private MeterProvider? provider;

    /// <summary>Whether anything is collected.</summary>
    public bool IsOn => provider is not null;

    /// <summary>The state now, as Prometheus text 0.0.4.</summary>
    /// <exception cref="InvalidOperationException">Nothing is collected.</exception>
    public async Task<string> WriteAsync(CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            return exporter.Collect?.Invoke(Timeout.Infinite) == true
                ? exporter.Text
                : throw new InvalidOperationException("The metrics could not be collected.");
        }
        finally
        {
            one.Release();
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (await features.IsEnabledAsync(Features.Metrics, cancellationToken))
        {
            provider = Sdk.CreateMeterProviderBuilder()
                .AddMeter("Refinery.*", "System.Runtime")
                .SetMaxMetricStreams(500)
                .AddReader(new BaseExportingMetricReader(exporter))
                .Build();
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        provider?.Dispose();
        exporter.Dispose();
        one.Dispose();
    }
}
