using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>The work protocol: how a pod in any language takes steps and reports on them.</summary>
internal static class WorkEndpoints
{
    private const string OutcomeBounds = "detail and failure_reason have at most 4000 characters, artifacts at most 100 items, an artifact's kind 1 to 100 characters.";

    public static void MapWorkProtocol(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api").WithTags("Work protocol");
        api.MapPost("/steps/claim", ClaimAsync).RequireWorkerToken().EndAtShutdown().Produces<IReadOnlyList<ClaimedStep>>()
            .WithName("ClaimSteps").WithSummary("Take steps to run, waiting for a first one up to 30 seconds.")
            .WithDescription("kinds has 1 to 100 step types, max is 1 to 1000. With start they count as running at once. Who leaves while it is answered has claimed nothing.");
        api.MapPost("/steps/{stepId}/start", StartAsync).RequireWorkerToken().Produces<HeldAnswer>()
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithName("StartStep").WithSummary("Say that a claimed step runs now.");
        api.MapPost("/steps/{stepId}/renew", RenewAsync).RequireWorkerToken().EndAtShutdown().Produces<HeldAnswer>()
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithName("RenewStep").WithSummary("Prolong the lease of a held step, and hear at once when it is cancelled.")
            .WithDescription("With wait_seconds, 0 to 30, the answer comes as soon as the step is cancelled, at the latest after so long or half of the lease.");
        api.MapPost("/steps/{stepId}/complete", CompleteAsync).RequireWorkerToken().Produces<HeldAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithName("CompleteStep").WithSummary("Report success.").WithDescription(OutcomeBounds);
        api.MapPost("/steps/{stepId}/fail", FailAsync).RequireWorkerToken().Produces<HeldAnswer>()
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithName("FailStep").WithSummary("Report failure; the step is retried while retries are left.").WithDescription(OutcomeBounds);
        api.MapPost("/steps/{stepId}/release", ReleaseAsync).RequireWorkerToken().Produces<HeldAnswer>()
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithName("ReleaseStep").WithSummary("Give a step back unspent.");
        api.MapPost("/steps/complete", CompleteManyAsync).RequireWorkerToken().Produces<IReadOnlyList<BatchAnswer>>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .WithName("CompleteSteps").WithSummary("Report the outcomes of many steps at once.")
            .WithDescription($"At most {BatchOutcomeBody.Most} reports, taken as a whole. {OutcomeBounds}");
        api.MapPost("/pods/heartbeat", BeatAsync).RequireWorkerToken().Produces<HeartbeatAnswer>()
            .WithName("PodHeartbeat").WithSummary("Say that a pod lives.")
            .WithDescription("kinds has at most 100 step types. The answer's cancel names what was cancelled lately while the pod held it; with steps, the ids of what it holds, also those that have ended or are another's. A pod that drains and names its steps gives back whatever else it was given.");
        api.MapGet("/pods", ListPodsAsync).Produces<IReadOnlyList<PodAnswer>>()
            .WithName("ListPods").WithSummary("All pods known, eldest first.");
    }

    private static async Task<IResult> ClaimAsync(Body<ClaimBody> body, StepClaims claims, CancellationToken cancellationToken)
    {
        var ask = body.Value;
        var request = new ClaimRequest(ask.PodId, ask.Kinds.ToFrozenSet(StringComparer.Ordinal), ask.Max, ask.Start);
        var rows = await claims.ClaimAsync(request, TimeSpan.FromSeconds(ask.WaitSeconds), cancellationToken);
        return Results.Ok(rows.Select(row => row.ToClaimed()));
    }

    private static async Task<IResult> StartAsync(string stepId, Body<HolderBody> body, StepClaims claims, Refusals refusals, CancellationToken cancellationToken)
    {
        var holder = HolderOf(stepId, body.Value);
        return await claims.StartAsync(holder, cancellationToken) is { } row
            ? Results.Ok(new HeldAnswer(CancelRequested: false, row.LeaseUntil, row.Status))
            : await refusals.StopAsync(holder, "start", cancellationToken);
    }

    private static async Task<IResult> RenewAsync(string stepId, Body<RenewBody> body, StepClaims claims, Refusals refusals, CancellationToken cancellationToken)
    {
        var holder = HolderOf(stepId, body.Value);
        return await claims.RenewAsync(holder, TimeSpan.FromSeconds(body.Value.WaitSeconds), cancellationToken) is { } until
            ? Results.Ok(new HeldAnswer(CancelRequested: false, until))
            : await refusals.StopAsync(holder, "renew", cancellationToken);
    }

    private static async Task<IResult> CompleteAsync(
        string stepId, Body<OutcomeBody> body, StepEndings endings, Refusals refusals, IArtifacts artifacts, CancellationToken cancellationToken)
    {
        foreach (var artifact in body.Value.Artifacts ?? [])
        {
            // Young from now on, so that no collection takes it before this step's event names it.
            if (!await artifacts.RenewAsync(artifact.Sha256, cancellationToken))
            {
                return Errors.Validation(
                    $"The artifact {Errors.Quote(artifact.FileName)} with sha256 '{artifact.Sha256}' is not stored; PUT it to /api/artifacts/sha256/{artifact.Sha256} first.");
            }
        }

        return await FinishAsync(body.Value.Report(RouteText.Decode(stepId), succeeded: true), endings, refusals, cancellationToken);
    }

    private static Task<IResult> FailAsync(string stepId, Body<OutcomeBody> body, StepEndings endings, Refusals refusals, CancellationToken cancellationToken) =>
        FinishAsync(body.Value.Report(RouteText.Decode(stepId), succeeded: false), endings, refusals, cancellationToken);

    private static async Task<IResult> CompleteManyAsync(Body<OneOrMany<BatchOutcomeBody>> body, StepEndings endings, Refusals refusals, CancellationToken cancellationToken)
    {
        var items = body.Value.Items;
        if (items.Count > BatchOutcomeBody.Most)
        {
            return Errors.Validation($"The array has {items.Count} reports; at most {BatchOutcomeBody.Most} are expected.");
        }

        var rows = await endings.FinishAsync([.. items.Select(item => item.Report())], cancellationToken);
        foreach (var (item, _) in items.Zip(rows).Where(pair => pair.Second is null))
        {
            refusals.Count(item.Succeeded ? "complete" : "fail");
        }

        return Results.Ok(items.Zip(rows, (item, row) => new BatchAnswer(item.StepId, row is not null, row?.Status)));
    }

    private static async Task<IResult> FinishAsync(Reported report, StepEndings endings, Refusals refusals, CancellationToken cancellationToken) =>
        await endings.FinishAsync(report.Holder, report.Outcome, report.Facts, cancellationToken) is { } row
            ? Results.Ok(new HeldAnswer(CancelRequested: false, Status: row.Status))
            : await refusals.RefuseAsync(report.Holder, report.Outcome.Succeeded ? "complete" : "fail", cancellationToken);

    private static async Task<IResult> ReleaseAsync(string stepId, Body<HolderBody> body, StepEndings endings, Refusals refusals, CancellationToken cancellationToken)
    {
        var holder = HolderOf(stepId, body.Value);
        return await endings.ReleaseAsync(holder, $"Pod {holder.PodId} gave the step back.", cancellationToken) is { } row
            ? Results.Ok(new HeldAnswer(CancelRequested: false, Status: row.Status))
            : await refusals.RefuseAsync(holder, "release", cancellationToken);
    }

    private static async Task<IResult> BeatAsync(Body<HeartbeatBody> body, Heartbeats heartbeats, CancellationToken cancellationToken) =>
        Results.Ok(await heartbeats.TakeAsync(body.Value, cancellationToken));

    private static async Task<IResult> ListPodsAsync(FleetView view, CancellationToken cancellationToken)
    {
        var fleet = await view.ReadAsync(cancellationToken);
        return Results.Ok(fleet.Pods.Select(pod => new PodAnswer(
            pod.PodId, fleet.IsAlive(pod), fleet.IsAlive(pod) ? pod.State : PodState.Dead, pod.PodId == fleet.Leader.PodId,
            JsonSerializer.Deserialize<string[]>(pod.Kinds) ?? [], pod.Capacity, pod.Running, pod.Version, pod.BornAt, pod.BeatAt)));
    }

    private static Holder HolderOf(string stepId, HolderBody body) => new(RouteText.Decode(stepId), body.PodId, body.Fence);
}
