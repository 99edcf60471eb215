using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Recovery by hand, and what it could not save.</summary>
internal static class RecoveryEndpoints
{
    public static void MapRecovery(this IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("/admin").WithTags("Fleet");
        admin.MapPost("/recovery/run", RunAsync).RequireWorkerToken().Produces<RecoveryAnswer>()
            .ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status409Conflict)
            .WithName("RunRecovery").WithSummary("Run a cycle of recovery now.")
            .WithDescription(
                "On the leader only, else 403; 409 while one runs. The body may be left out. A second wish within FLEET_Q_RECOVERY_SEC gets the cycle that has just completed, "
                + "unless it says force. With dry_run nothing is written, and the same summary says what would be done.")
            .WithExample(
                """{"force":false,"dry_run":false}""",
                """
                {"status":"completed","message":"Manual recovery cycle completed successfully","recovery_summary":{"cycle_id":"recovery_1769248800","dead_pods_found":1,
                 "orphaned_steps_found":2,"steps_requeued":1,"steps_marked_terminal":1,"duration_ms":12,"dead_pods":["pod-dead-1"],
                 "requeued_steps":["step_20260124100000_1a2b3c4d"],"terminal_steps":["step_20260124100001_5e6f7a8b"]}}
                """);
        admin.MapGet("/dead-letters", ListAsync).WithPaging().Produces<DeadLetterPage>()
            .WithName("ListDeadLetters").WithSummary("Steps that failed for good and were not replayed, newest first.");
        admin.MapPost("/dead-letters/{stepId}/replay", ReplayAsync).RequireWorkerToken().Produces<ReplayAnswer>()
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .WithName("ReplayDeadLetter").WithSummary("Give a failed step another life.")
            .WithDescription("It goes back in line under its own id with all its retries; its idempotency key stays the same. 409 when it has not failed, 429 when the queue is full.")
            .WithExample(answer: """{"step_id":"step_20260124100000_1a2b3c4d","status":"pending","message":"Step step_20260124100000_1a2b3c4d is back in line"}""");
    }

    private static async Task<IResult> RunAsync(Body<RecoveryBody>? body, Recovery recovery, PodIdentity identity, CancellationToken cancellationToken)
    {
        var run = await recovery.RunByHandAsync(body?.Value ?? new RecoveryBody(), cancellationToken);
        return run switch
        {
            { Verdict: RecoveryVerdict.Done, Summary: { } summary } =>
                Results.Ok(new RecoveryAnswer("completed", "Manual recovery cycle completed successfully", summary)),
            { Verdict: RecoveryVerdict.NotLeader } =>
                Errors.Forbidden($"Pod '{identity.PodId}' does not lead; GET /admin/leader names the pod that does, and only that one runs recovery."),
            { Verdict: RecoveryVerdict.Busy } => Errors.Conflict("Recovery already in progress"),
            _ => throw new InvalidOperationException($"The verdict {run.Verdict} has no answer."),
        };
    }

    private static async Task<IResult> ListAsync(HttpRequest request, DeadLetters letters, CancellationToken cancellationToken)
    {
        var page = Page.Read(request);
        return Results.Ok(await letters.ListAsync(page.Limit, page.Offset, cancellationToken));
    }

    private static async Task<IResult> ReplayAsync(string stepId, Steps steps, CancellationToken cancellationToken)
    {
        var id = RouteText.Decode(stepId);
        if (await steps.RetryAsync(id, step => step.Status == Status.Failed, "It was replayed by hand.", cancellationToken) is { } row)
        {
            return Results.Ok(new ReplayAnswer(row.StepId, row.Status, $"Step {row.StepId} is back in line"));
        }

        return await steps.FindAsync(id, cancellationToken) is { } step
            ? Errors.Conflict(step.Status == StepStatus.Failed
                ? $"Step {Errors.Quote(id)} cannot be replayed now: another step is active under its unique key."
                : $"Step {Errors.Quote(id)} is {step.Status.ToString().ToLowerInvariant()}; only a failed step can be replayed.")
            : Errors.NotFound("Step not found");
    }
}
