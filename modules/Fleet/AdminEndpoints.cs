using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;

namespace Refinery.Fleet;

/// <summary>What whoever runs the fleet asks: who leads, how full it is.</summary>
internal static class AdminEndpoints
{
    public static void MapFleetAdmin(this IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("/admin").WithTags("Fleet");
        admin.MapGet("/leader", LeaderAsync).Produces<LeaderAnswer>()
            .WithName("Leader").WithSummary("Who leads, and who could.")
            .WithDescription("The eldest live pod leads, exclusively by a lease with a term. Pods on other machines know no database and are not eligible.")
            .WithExample(answer: """
                {"current_leader":"pod-leader-abc123","leader_birth_ts":"2026-01-24T10:00:00.000000Z","active_pods":1,"last_election_check":"2026-01-24T12:05:00.000000Z","term":3,
                 "election_details":{"eligible_pods":[{"pod_id":"pod-leader-abc123","birth_ts":"2026-01-24T10:00:00.000000Z","last_heartbeat_ts":"2026-01-24T12:05:00.000000Z","is_leader":true}]}}
                """);
        admin.MapGet("/queue", QueueAsync).Produces<QueueFigures>()
            .WithName("QueueFigures").WithSummary("The queue in figures.")
            .WithDescription("Claimed are steps leased or running; failed includes cancelled. The two maps count pending steps only, and each sums to pending_steps.")
            .WithExample(answer: """
                {"pending_steps":25,"claimed_steps":3,"completed_steps":142,"failed_steps":3,"active_pods":1,"current_leader":"pod-leader-abc123",
                 "queue_depth_by_priority":{"0":15,"1":8,"5":2},"steps_by_type":{"data_processing":20,"report_generation":5},"pod_capacity":{"pod-leader-abc123":{"current":3,"max":8}}}
                """);
    }

    private static async Task<IResult> LeaderAsync(FleetView view, CancellationToken cancellationToken)
    {
        var fleet = await view.ReadAsync(cancellationToken);
        var eligible = fleet.Alive.Where(pod => pod.CanLead)
            .Select(pod => new EligiblePod(pod.PodId, pod.BornAt, pod.BeatAt, pod.PodId == fleet.Leader.PodId)).ToList();
        return Results.Ok(new LeaderAnswer(
            fleet.Leader.PodId,
            fleet.Pods.FirstOrDefault(pod => pod.PodId == fleet.Leader.PodId)?.BornAt,
            fleet.Alive.Count(),
            fleet.Leader.CheckedAt,
            fleet.Leader.Term,
            new ElectionAnswer(eligible)));
    }

    private static async Task<IResult> QueueAsync(Database database, FleetView view, StepCounters counters, CancellationToken cancellationToken)
    {
        var waiting = counters.ListWaiting();
        var (fleet, held, completed, failed, cancelled) = await database.ReadAsync(
            async sql => (
                await view.ReadAsync(sql),
                await StepStore.ListHoldersAsync(sql),
                await StepTotalStore.FindAsync(sql, Status.Completed),
                await StepTotalStore.FindAsync(sql, Status.Failed),
                await StepTotalStore.FindAsync(sql, Status.Cancelled)),
            cancellationToken);
        var holding = held.ToDictionary(pod => pod.ClaimedBy, pod => pod.Count, StringComparer.Ordinal);
        return Results.Ok(new QueueFigures(
            waiting.Sum(group => group.Count),
            held.Sum(pod => pod.Count),
            completed,
            failed + cancelled,
            fleet.Alive.Count(),
            fleet.Leader.PodId,
            Sum(waiting, group => $"{group.Priority}"),
            Sum(waiting, group => group.Type),
            fleet.Alive.ToDictionary(pod => pod.PodId, pod => new PodRoom(holding.GetValueOrDefault(pod.PodId), pod.Capacity), StringComparer.Ordinal)));
    }

    private static Dictionary<string, long> Sum(IReadOnlyList<WaitingCount> waiting, Func<WaitingCount, string> key) =>
        waiting.GroupBy(key, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Sum(row => row.Count), StringComparer.Ordinal);
}
