using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Refinery.Fleet;
using Refinery.Kernel.Storage;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>A host whose recovery runs only by hand, and steps that lose their pods.</summary>
internal static class RecoveryYard
{
    /// <summary>Starts a host with short leases and stops its timer of recovery.</summary>
    public static async Task<RefineryHost> StartAsync(params (string Name, string Value)[] settings)
    {
        var host = await RefineryHost.StartAsync(
            [("FLEET_Q_LEASE_SEC", "2"), ("FLEET_Q_HEARTBEAT_SEC", "1"), ("FLEET_Q_DEAD_AFTER_SEC", "3"), ("FLEET_Q_BACKOFF_SEC", "0"), ("FLEET_Q_LEADER_LEASE_SEC", "60"), .. settings]);
        await host.Services.GetServices<IHostedService>().OfType<RecoveryLoop>().Single().StopAsync(CancellationToken.None);
        return host;
    }

    extension(RefineryHost host)
    {
        public Database Database => host.Services.GetRequiredService<Database>();

        /// <summary>Steps that a pod claimed and never spoke of again.</summary>
        public async Task<IReadOnlyList<string>> OrphanAsync(int count, int maxRetries = 3)
        {
            for (var index = 0; index < count; index++)
            {
                await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, max_retries = maxRetries });
            }

            var stepIds = (await host.ClaimAsync("pod-gone", max: count)).Select(step => step.GetProperty("step_id").GetString()!).ToList();
            await Wait.UntilAsync(async () => (await host.RowAsync(stepIds[^1])).LeaseUntil < TimeProvider.System.GetUtcNow());
            return stepIds;
        }

        public Task<HttpResponseMessage> TryRecoverAsync(object? body = null) => host.Http.PostAsync("/admin/recovery/run", body is null ? null : JsonContent.Create(body));

        public async Task<JsonElement> RecoverAsync(object? body = null)
        {
            using var response = await host.TryRecoverAsync(body);
            var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
            Assert.True(response.IsSuccessStatusCode, answer.ToString());
            Assert.Equal("completed", answer.GetProperty("status").GetString());
            return answer.GetProperty("recovery_summary");
        }

        /// <summary>Gives the lead to a pod that never existed here, as if this one had slept through its lease.</summary>
        public Task<int> UsurpAsync() => host.Database.WriteAsync(
            async sql => await LeaderStore.TakeAsync(sql, "pod-usurper", await LeaderStore.ReadAsync(sql), TimeProvider.System.GetUtcNow()), CancellationToken.None);
    }

    /// <summary>The texts of a list.</summary>
    public static IReadOnlyList<string> Texts(this JsonElement owner, string member) => [.. owner.GetProperty(member).EnumerateArray().Select(item => item.GetString()!)];
}
