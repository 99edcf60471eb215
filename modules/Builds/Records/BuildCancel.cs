using Refinery.Kernel.Work;

namespace Refinery.Builds.Records;

/// <summary>Cancels the builds that pass a filter, page by page; those that end meanwhile by themselves are left alone.</summary>
internal sealed class BuildCancel(BuildStore builds, IStepCancel steps) : ISupersede
{
    private const int PageSize = 200;

    /// <summary>Says what would be cancelled now.</summary>
    public async Task<NamedBuilds> LookAsync(ActiveFilter filter, CancellationToken cancellationToken) => new(
        await builds.CountActiveAsync(filter, cancellationToken),
        [.. (await builds.ListActiveAsync(filter, NamedBuilds.Most, cancellationToken)).Select(build => build.BuildId)]);

    /// <summary>Cancels those that have not ended now; what comes meanwhile is not meant.</summary>
    /// <returns>The builds that this call has cancelled.</returns>
    public async Task<NamedBuilds> CancelAsync(ActiveFilter filter, string actor, string reason, CancellationToken cancellationToken)
    {
        var left = filter.Last < long.MaxValue ? filter : filter with { Last = await builds.LastAsync(cancellationToken) };
        var (count, named) = (0L, new List<string>());
        while (await builds.ListActiveAsync(left, PageSize, cancellationToken) is [.., var last] page)
        {
            var stepIds = await steps.CancelAsync([.. page.Select(build => build.StepId)], StatusesOf(filter.Status), actor, reason, cancellationToken);
            var cancelled = page.IntersectBy(stepIds, build => build.StepId, StringComparer.Ordinal).Select(build => build.BuildId);
            named.AddRange(cancelled.Take(NamedBuilds.Most - named.Count));
            count += stepIds.Count;
            left = left with { After = last.Sequence };
        }

        return new NamedBuilds(count, named);
    }

    public async Task<IReadOnlyList<string>> SupersedeAsync(string buildId, string actor, CancellationToken cancellationToken)
    {
        if (await builds.FindAsync(buildId, cancellationToken) is not { NameKey: { } package } newer)
        {
            return [];
        }

        var older = new ActiveFilter
        {
            ThirdPartyId = newer.ThirdPartyId,
            NameKey = package,
            PythonTag = newer.PythonTag ?? string.Empty,
            PlatformTag = newer.PlatformTag ?? string.Empty,
            Last = newer.Sequence - 1,
        };
        return (await CancelAsync(older, actor, $"Superseded by {buildId}.", cancellationToken)).First;
    }

    /// <summary>A build runs once its step was started: one that is only claimed still waits.</summary>
    private static StepStatus[] StatusesOf(string? status) => status switch
    {
        null => [StepStatus.Pending, StepStatus.Claimed, StepStatus.Running],
        BuildStatus.Pending => [StepStatus.Pending, StepStatus.Claimed],
        BuildStatus.Running => [StepStatus.Running],
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "pending or running is expected."),
    };
}

/// <summary>So many builds, and the first of them by name.</summary>
/// <param name="First">The ids of the oldest, at most <see cref="Most"/>.</param>
internal sealed record NamedBuilds(long Count, IReadOnlyList<string> First)
{
    /// <summary>Ids at most.</summary>
    public const int Most = 100;
}
