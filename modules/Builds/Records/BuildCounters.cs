using System.Runtime.InteropServices;
using Refinery.Kernel.Storage;

namespace Refinery.Builds.Records;

/// <summary>Sums what a commit adds to the counters, so that each counter is written once a commit.</summary>
internal sealed class BuildCounters
{
    private readonly Dictionary<(string ThirdPartyId, string Status), long> moved = [];
    private readonly Dictionary<string, long> ended = new(StringComparer.Ordinal);

    /// <summary>A build came to a status.</summary>
    /// <param name="from">The status it had; null for a new build.</param>
    public void Move(BuildState build, string? from)
    {
        if (from == build.Status)
        {
            return;
        }

        Add(build, build.Status, 1);
        if (from is not null)
        {
            Add(build, from, -1);
        }

        if (build.CompletedAt is { } completed)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(ended, BuildCounterStore.SecondOf(completed), out _)++;
        }
    }

    /// <summary>Writes the sums, in a fixed order, so that hosts that count at once take the rows' locks in the same order.</summary>
    public async Task WriteAsync(SqlSession sql)
    {
        foreach (var sum in moved.GroupBy(pair => pair.Key.ThirdPartyId, StringComparer.Ordinal).OrderBy(sum => sum.Key, StringComparer.Ordinal))
        {
            var of = sum.ToDictionary(pair => pair.Key.Status, pair => pair.Value, StringComparer.Ordinal);
            await BuildCounterStore.AddAsync(sql, new BuildCount(
                sum.Key, of.GetValueOrDefault(BuildStatus.Pending), of.GetValueOrDefault(BuildStatus.Running),
                of.GetValueOrDefault(BuildStatus.Succeeded), of.GetValueOrDefault(BuildStatus.Failed), of.GetValueOrDefault(BuildStatus.Cancelled)));
        }

        foreach (var (second, count) in ended.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            await BuildCounterStore.AddAsync(sql, new EndedCount(second, count));
        }
    }

    private void Add(BuildState build, string status, long by)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(moved, (build.ThirdPartyId, status), out _) += by;
        CollectionsMarshal.GetValueRefOrAddDefault(moved, (string.Empty, status), out _) += by;
    }
}
