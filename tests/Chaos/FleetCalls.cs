using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Fleet;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Chaos;

/// <summary>What the tests of this folder say to a host again and again.</summary>
internal static class FleetCalls
{
    /// <summary>A type that no handler of the host serves.</summary>
    public const string Elsewhere = "elsewhere";

    extension(RefineryHost host)
    {
        public async Task<string> SubmitAsync(object? step = null) =>
            (await host.PostAsync("/submit", step ?? new { type = Elsewhere, args = new { } })).GetProperty("step_id").GetString()!;

        public async Task<IReadOnlyList<JsonElement>> ClaimAsync(string pod, int max = 1, double waitSeconds = 0) =>
            [.. (await host.PostAsync("/api/steps/claim", new { pod_id = pod, kinds = new[] { Elsewhere }, max, wait_seconds = waitSeconds })).EnumerateArray()];

        public async Task<string?> StatusAsync(string stepId) => (await host.GetAsync($"/status/{stepId}")).GetProperty("status").GetString();

        public Task UntilCompletedAsync(string stepId) => Wait.UntilAsync(async () => await host.StatusAsync(stepId) == "completed");

        public async Task<StepRow> RowAsync(string stepId) =>
            (await host.Services.GetRequiredService<Database>().ReadAsync(sql => StepStore.FindAsync(sql, stepId), CancellationToken.None))!;
    }
}
