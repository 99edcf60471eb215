using Microsoft.FeatureManagement;

namespace Refinery.Host;

/// <summary>The two flags for rollout, set as <c>FeatureManagement__Kafka=true</c>.</summary>
internal static class Features
{
    /// <summary>Allows the queue backend <c>kafka</c>.</summary>
    public const string Kafka = "Kafka";

    /// <summary>Collects metrics and serves them as Prometheus text.</summary>
    public const string Metrics = "Metrics";

    /// <summary>Whether a flag is on, asked before there are services: the queue's plugin is chosen then.</summary>
    public static bool IsOn(IConfiguration configuration, string flag)
    {
        using var definitions = new ConfigurationFeatureDefinitionProvider(configuration);
        var flags = new FeatureManager(definitions, new FeatureManagementOptions());
        return flags.IsEnabledAsync(flag).GetAwaiter().GetResult();
    }
}
