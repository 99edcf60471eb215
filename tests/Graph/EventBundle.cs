using System.Net.Http.Json;
using System.Text.Json;

namespace Refinery.Tests.Graph;

/// <summary>Sends bundles of events as an executor does.</summary>
internal static class EventBundle
{
    private const string Token = "graph-token";

    /// <summary>A host whose graph takes calls; its client carries the token.</summary>
    public static async Task<RefineryHost> StartHostAsync(params (string Name, string Value)[] settings)
    {
        var host = await RefineryHost.StartAsync([("LEVIATHAN_CONTROL_PLANE_TOKEN", Token), ("LOCAL_WORKER", "0"), .. settings]);
        host.Http.DefaultRequestHeaders.Authorization = new("Bearer", Token);
        return host;
    }

    /// <summary>An event of an attempt.</summary>
    public static object Event(string id, string type, string timestamp, object payload) =>
        new { event_id = id, event_type = type, timestamp, actor_id = "executor-001", payload };

    /// <summary>Sends events that are nothing but numbered, and expects that they are taken in.</summary>
    public static async Task SendNumberedAsync(RefineryHost host, int first, int count)
    {
        foreach (var numbers in Enumerable.Range(first, count).Chunk(5000))
        {
            var (status, _) = await SendAsync(host, [.. numbers.Select(number => Event($"evt-{number}", "job.submitted", "2026-01-24T10:00:00Z", new { number }))]);
            Assert.Equal(200, status);
        }
    }

    /// <summary>Sends events and answers with status and body.</summary>
    public static async Task<(int Status, JsonElement Body)> SendAsync(RefineryHost host, object[] events, object[]? artifacts = null, string query = "")
    {
        using var response = await host.Http.PostAsJsonAsync(
            $"/v1/events/ingest{query}", new { target = "radix", bundle_id = "bundle", events, artifacts = artifacts ?? [] });
        return ((int)response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.Clone());
    }
}
