using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Refinery.Host.Metrics;

/// <summary>Receives the aggregated metrics when they are pulled and keeps them as text until the next pull.</summary>
[ExportModes(ExportModes.Pull)]
internal sealed class PrometheusExporter : BaseExporter<Metric>, IPullMetricExporter
{
    /// <summary>Set by the reader; collects now.</summary>
    public Func<int, bool>? Collect { get; set; }

    /// <summary>What the last pull brought.</summary>
    public string Text { get; private set; } = string.Empty;

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var text = new PrometheusText();
        foreach (var metric in batch)
        {
            text.Add(metric);
        }

        Text = text.ToString();
        return ExportResult.Success;
    }
}
