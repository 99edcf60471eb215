using System.Runtime.InteropServices;
using Refinery.Kernel.Storage;

namespace Refinery.History;

/// <summary>Sums what a commit adds to the counters, so that each counter is written once a commit.</summary>
internal sealed class HistoryCounters
{
    private const int HourLength = 13;

    private readonly Dictionary<(string Hour, string Status), long> hours = [];
    private readonly Dictionary<(string NameKey, string Status), PackageSum> packages = [];

    /// <summary>In a fixed order, so that hosts that count at once take the rows' locks in the same order.</summary>
    public IEnumerable<HourCount> Hours => hours
        .OrderBy(pair => pair.Key.Hour, StringComparer.Ordinal).ThenBy(pair => pair.Key.Status, StringComparer.Ordinal)
        .Select(pair => new HourCount(pair.Key.Hour, pair.Key.Status, pair.Value));

    /// <inheritdoc cref="Hours"/>
    public IEnumerable<PackageCount> Packages => packages
        .OrderBy(pair => pair.Key.NameKey, StringComparer.Ordinal).ThenBy(pair => pair.Key.Status, StringComparer.Ordinal)
        .Select(pair => new PackageCount(pair.Key.NameKey, pair.Key.Status, pair.Value.Name, pair.Value.Count, pair.Value.Timed, pair.Value.Micros));

    /// <summary>The hour an instant lies in, as the counters name it: <c>2026-01-24T10</c>.</summary>
    public static string HourOf(DateTimeOffset instant) => Instant.Format(instant)[..HourLength];

    public void Add(HistoryRow row)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(hours, (HourOf(row.Timestamp), row.Status), out _)++;
        CollectionsMarshal.GetValueRefOrAddDefault(hours, (string.Empty, row.Status), out _)++;
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(packages, (row.NameKey, row.Status), out _);
        sum.Name = row.Name;
        sum.Count++;
        if (row.DurationMs is { } duration)
        {
            sum.Timed++;
            sum.Micros += Math.Round(duration * 1000);
        }
    }

    /// <summary>What a commit adds to one package and status.</summary>
    private struct PackageSum
    {
        public string Name;
        public long Count;
        public long Timed;
        public double Micros;
    }
}

/// <summary>An addition to a row of <c>history_hours</c>.</summary>
internal sealed record HourCount(string Hour, string Status, long Count);

/// <summary>An addition to a row of <c>history_packages</c>.</summary>
internal sealed record PackageCount(string NameKey, string Status, string Name, long Count, long Timed, double Micros);
