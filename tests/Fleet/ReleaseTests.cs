using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>A pod keeps a step by renewing its lease, and gives it back unspent.</summary>
public sealed class ReleaseTests
{
    [Fact]
    public async Task A_released_step_waits_again_at_once_with_all_its_retries()
    {
        await using var host = await RefineryHost.StartAsync(("FLEET_Q_BACKOFF_SEC", "300"));
        var stepId = await host.SubmitAsync(new { type = "elsewhere", args = new { }, max_retries = 0 });
        var first = Assert.Single(await host.ClaimAsync("pod-a"));
        var holder = new { pod_id = "pod-a", fence = first.GetProperty("fence").GetInt64() };
        await host.PostAsync($"/api/steps/{stepId}/start", holder);

        var released = await host.PostAsync($"/api/steps/{stepId}/release", holder);
        var second = Assert.Single(await host.ClaimAsync("pod-b"));
        using var late = await host.Http.PostAsJsonAsync($"/api/steps/{stepId}/complete", holder);

        Assert.Equal("pending", released.GetProperty("status").GetString());
        Assert.Equal((stepId, 0, 2), (second.GetProperty("step_id").GetString(), second.GetProperty("retry_count").GetInt32(), second.GetProperty("fence").GetInt32()));
        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);
    }

    [Fact]
    public async Task A_renewed_lease_ends_later()
    {
        await using var host = await RefineryHost.StartAsync();
        var stepId = await host.SubmitAsync(new { type = "elsewhere", args = new { } });
        var claim = Assert.Single(await host.ClaimAsync("pod-a"));

        var renewed = await host.PostAsync($"/api/steps/{stepId}/renew", new { pod_id = "pod-a", fence = 1 });

        Assert.True(LeaseOf(renewed) > LeaseOf(claim), $"{renewed} after {claim}");
        Assert.False(renewed.GetProperty("cancel_requested").GetBoolean());
    }

    private static DateTimeOffset LeaseOf(JsonElement answer) => answer.GetProperty("lease_until").GetDateTimeOffset();
}
