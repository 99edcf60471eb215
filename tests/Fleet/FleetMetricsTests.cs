using System.Net;
using System.Net.Http.Json;

namespace Refinery.Tests.Fleet;

/// <summary>What a fleet is watched for is counted.</summary>
[Collection(nameof(Alone))]
public sealed class FleetMetricsTests
{
    [Fact]
    public async Task Recovered_steps_and_refused_words_of_their_old_pods_are_counted()
    {
        await using var host = await RecoveryYard.StartAsync(("FeatureManagement:Metrics", "true"));
        var orphans = await host.OrphanAsync(2);
        await host.RecoverAsync();

        foreach (var operation in new[] { "start", "renew", "complete", "fail", "release" })
        {
            using var refused = await host.Http.PostAsJsonAsync($"/api/steps/{orphans[0]}/{operation}", new { pod_id = "pod-gone", fence = 1 });
            Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        }

        using var late = await host.Http.PostAsync($"/api/logs/stream/elsewhere/{orphans[0]}?step_id={orphans[0]}&pod_id=pod-gone&fence=1", new StringContent("late"));
        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);
        await host.PostAsync("/api/steps/complete", new[] { new { step_id = orphans[1], pod_id = "pod-gone", fence = 1 } });
        var text = await host.Http.GetStringAsync("/metrics");

        Assert.Contains("refinery_recovery_steps_total{outcome=\"requeued\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("refinery_fleet_refused_total{operation=\"complete\"} 2\n", text, StringComparison.Ordinal);
        Assert.All(["start", "renew", "fail", "release", "log"], operation => Assert.Contains($"refinery_fleet_refused_total{{operation=\"{operation}\"}} 1\n", text, StringComparison.Ordinal));
    }
}
