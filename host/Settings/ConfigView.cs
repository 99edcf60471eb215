using Microsoft.Extensions.Options;
using Microsoft.FeatureManagement;
using Refinery.Host.Proxy;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Host.Settings;

/// <summary>Gathers how this host is set up. It copies named, harmless values; nothing is listed wholesale.</summary>
internal sealed class ConfigView(
    IBuildTarget builds, QueueBackendInfo queue, WorkerTrigger trigger, IVariantFeatureManager features,
    IOptions<HostOptions> host, EndpointDataSource endpoints)
{
    public async Task<ConfigAnswer> ReadAsync(CancellationToken cancellationToken)
    {
        var target = await builds.FindAsync(cancellationToken);
        return new ConfigAnswer(
            target.Strategy,
            new TargetAnswer(target.Python, target.PlatformTag),
            Index(target),
            queue.Name,
            DatabaseOpener.Describe(host.Value),
            new WorkerAnswer(trigger.Mode, !string.IsNullOrEmpty(host.Value.WorkerToken)),
            new FeaturesAnswer(
                await features.IsEnabledAsync(Features.Kafka, cancellationToken),
                await features.IsEnabledAsync(Features.Metrics, cancellationToken)),
            new LimitsAnswer(BodyLimit.Default, LimitsByRoute(), Page.DefaultLimit, Page.MaximumLimit),
            RefineryVersion.Text);
    }

    private static IndexAnswer Index(BuildTarget target) => new(
        target.IndexUrl is { } url ? PublicUrl.Of(url) : null,
        [.. target.ExtraIndexUrls.Select(PublicUrl.Of)],
        [.. target.FindLinks.Select(PublicUrl.Of)]);

    private SortedDictionary<string, long> LimitsByRoute()
    {
        var limits = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var endpoint in endpoints.Endpoints.OfType<RouteEndpoint>())
        {
            if (endpoint.Metadata.GetMetadata<BodyLimit>() is { } limit)
            {
                var methods = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [];
                limits[$"{string.Join('|', methods)} {endpoint.RoutePattern.RawText?.TrimEnd('/')}".Trim()] = limit.Bytes;
            }
        }

        return limits;
    }
}
