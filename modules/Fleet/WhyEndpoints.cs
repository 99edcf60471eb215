using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Web;

namespace Refinery.Fleet;

/// <summary>Why does it not run?</summary>
internal static class WhyEndpoints
{
    public static void MapWhy(this IEndpointRouteBuilder routes) => routes.MapGet("/api/steps/{stepId}/why", AnswerAsync)
        .WithTags("Steps").Produces<WhyAnswer>().ProducesProblem(StatusCodes.Status404NotFound)
        .WithName("WhyStepWaits").WithSummary("Why a step does not run: the one cause that blocks it, with evidence.")
        .WithDescription(
            "cause is the first that holds of completed, failed, cancelled, held (a pod has it), paused (its type is), backoff (a retry waits), delayed, no_pod (nobody serves its type), "
            + "capacity (all who do are full), backend_down, in_line.")
        .WithExample(answer: """
            {"step_id":"step_20260124100000_1a2b3c4d","status":"pending","cause":"capacity","detail":"Every pod that serves type http is full.",
             "evidence":{"pods":[{"pod_id":"pod-1","state":"live","running":8,"capacity":8,"until":"2026-01-24T10:00:15.000000Z"}]}}
            """);

    private static async Task<IResult> AnswerAsync(string stepId, WaitingCauses causes, CancellationToken cancellationToken) =>
        await causes.FindAsync(RouteText.Decode(stepId), cancellationToken) is { } answer ? Results.Ok(answer) : Errors.NotFound("Step not found");
}
