using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Refinery.Host.Metrics;

/// <summary>Writes metrics as Prometheus text 0.0.4.</summary>
/// <remarks>Source: Prometheus, "Exposition formats"; OpenTelemetry, "Prometheus and OpenMetrics compatibility" for the names.</remarks>
internal sealed class PrometheusText
{
    private readonly StringBuilder text = new();

    /// <summary>Adds one metric with all its series.</summary>
    public void Add(Metric metric)
    {
        var name = Name(metric);
        text.Append("# HELP ").Append(name).Append(' ').Append(EscapeHelp(metric.Description)).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(Type(metric.MetricType)).Append('\n');
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            AddPoint(name, metric.MetricType, point);
        }
    }

    public override string ToString() => text.ToString();

    /// <summary>Dots become underscores, the unit and, for counters, <c>_total</c> end the name.</summary>
    private static string Name(Metric metric)
    {
        var name = new StringBuilder(metric.Name.Length + 16);
        foreach (var character in metric.Name)
        {
            name.Append(char.IsAsciiLetterOrDigit(character) ? character : '_');
        }

        if (Unit(metric.Unit) is { } unit && !metric.Name.EndsWith(unit, StringComparison.Ordinal))
        {
            name.Append('_').Append(unit);
        }

        return metric.MetricType.IsSum() && Type(metric.MetricType) == "counter" ? name.Append("_total").ToString() : name.ToString();
    }

    private static string? Unit(string unit) => unit switch
    {
        "s" => "seconds",
        "ms" => "milliseconds",
        "By" => "bytes",
        _ => null,
    };

    private static string Type(MetricType type) => type switch
    {
        MetricType.LongSum or MetricType.DoubleSum => "counter",
        MetricType.LongGauge or MetricType.DoubleGauge or MetricType.LongSumNonMonotonic or MetricType.DoubleSumNonMonotonic => "gauge",
        MetricType.Histogram => "histogram",
        _ => throw new InvalidOperationException($"The metric type {type} has no text form here."),
    };

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static string EscapeHelp(string help) =>
        help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string EscapeLabel(string value) => EscapeHelp(value).Replace("\"", "\\\"", StringComparison.Ordinal);

    private void AddPoint(string name, MetricType type, in MetricPoint point)
    {
        switch (type)
        {
            case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                AddSample(name, point.Tags, extra: null, point.GetSumLong());
                break;
            case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                AddSample(name, point.Tags, extra: null, point.GetSumDouble());
                break;
            case MetricType.LongGauge:
                AddSample(name, point.Tags, extra: null, point.GetGaugeLastValueLong());
                break;
            case MetricType.DoubleGauge:
                AddSample(name, point.Tags, extra: null, point.GetGaugeLastValueDouble());
                break;
            case MetricType.Histogram:
                AddHistogram(name, point);
                break;
            default:
                throw new InvalidOperationException($"The metric type {type} has no text form here.");
        }
    }

    private void AddHistogram(string name, in MetricPoint point)
    {
        var cumulative = 0L;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            cumulative += bucket.BucketCount;
            AddSample(name + "_bucket", point.Tags, ("le", Number(bucket.ExplicitBound)), cumulative);
        }

        AddSample(name + "_sum", point.Tags, extra: null, point.GetHistogramSum());
        AddSample(name + "_count", point.Tags, extra: null, point.GetHistogramCount());
    }

    private void AddSample(string name, ReadOnlyTagCollection labels, (string Key, string Value)? extra, double value)
    {
        text.Append(name);
        var opener = '{';
        foreach (var label in labels)
        {
            AddLabel(ref opener, label.Key, Convert.ToString(label.Value, CultureInfo.InvariantCulture) ?? string.Empty);
        }

        if (extra is { } last)
        {
            AddLabel(ref opener, last.Key, last.Value);
        }

        text.Append(opener == '{' ? " " : "} ").Append(Number(value)).Append('\n');
    }

    private void AddLabel(ref char opener, string key, string value)
    {
        text.Append(opener).Append(key.Replace('.', '_')).Append("=\"").Append(EscapeLabel(value)).Append('"');
        opener = ',';
    }
}
