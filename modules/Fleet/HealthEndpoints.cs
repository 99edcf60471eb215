using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Web;

namespace Refinery.Fleet;

/// <summary>How the pod inside this process is.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes) => routes.MapGet("/health", Answer)
        .AllowAnyone().WithTags("Pods")
        .Produces<PodHealth>().Produces<PodHealth>(StatusCodes.Status503ServiceUnavailable)
        .WithName("PodHealth").WithSummary("How this pod is.")
        .WithDescription(
            "200 while the pod is healthy. 503 with status unhealthy when its heartbeats have not reached the database for so long that other pods count it as dead. "
            + "max_capacity is 80 % of what it could run side by side.")
        .WithExample(answer: """
            {"pod_id":"pod-hostname-abc123","status":"healthy","uptime_seconds":3600.5,"current_capacity":3,"max_capacity":8,"is_leader":true,"version":"1.0.0"}
            """);

    private static IResult Answer(LocalBeat beat, LocalPod pod, Election election, PodIdentity identity, IOptions<FleetOptions> options) => Results.Json(
        new PodHealth(
            identity.PodId, beat.IsHeard ? "healthy" : "unhealthy", beat.Uptime.TotalSeconds, pod.Running, options.Value.Capacity, election.Lead is not null, FleetModule.Version),
        statusCode: beat.IsHeard ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
}

/// <summary>How a pod is.</summary>
/// <param name="Status"><c>healthy</c> or <c>unhealthy</c>.</param>
/// <param name="CurrentCapacity">Steps it runs now.</param>
/// <param name="MaxCapacity">Steps it runs at most.</param>
internal sealed record PodHealth(
    string PodId, string Status, double UptimeSeconds, int CurrentCapacity, int MaxCapacity, bool IsLeader, string Version);
