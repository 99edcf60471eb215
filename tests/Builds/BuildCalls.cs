using System.Text.Json;

namespace Refinery.Tests.Builds;

/// <summary>What the tests of builds ask a host for.</summary>
internal static class BuildCalls
{
    /// <summary>Submits a build that the local worker runs: it says something, and may sleep or fail.</summary>
    public static async Task<string> SayAsync(RefineryHost host, object args, int maxRetries = 0)
    {
        var step = await host.PostAsync("/submit", new { type = "hello_world", args, max_retries = maxRetries, metadata = new { third_party_id = "speaker" } });
        return await BuildOfAsync(host, step);
    }

    /// <summary>The id of the build that an answer's step makes.</summary>
    public static async Task<string> BuildOfAsync(RefineryHost host, JsonElement step) =>
        (await host.GetAsync("/builds?limit=100")).GetProperty("builds").EnumerateArray()
        .Single(build => build.GetProperty("step_id").GetString() == StepOf(step)).GetProperty("id").GetString()!;

    public static string StepOf(JsonElement step) => step.GetProperty("step_id").GetString()!;

    /// <summary>A pod elsewhere claims one wheel build.</summary>
    public static async Task<JsonElement> ClaimAsync(RefineryHost host, string podId) =>
        Assert.Single((await host.PostAsync("/api/steps/claim", new { pod_id = podId, kinds = new[] { "wheel_build" }, max = 1 })).EnumerateArray());

    public static Task<JsonElement> StartAsync(RefineryHost host, JsonElement claim) =>
        host.PostAsync($"/api/steps/{StepOf(claim)}/start", new { pod_id = "pod-a", fence = 1 });

    public static async Task<JsonElement> FindAsync(RefineryHost host, string buildId) =>
        (await host.GetAsync($"/builds/{buildId}")).GetProperty("build");

    public static Task UntilAsync(RefineryHost host, string buildId, string status) =>
        Wait.UntilAsync(async () => (await FindAsync(host, buildId)).GetProperty("status").GetString() == status);
}
