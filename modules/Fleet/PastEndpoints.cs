using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>What was it then?</summary>
internal static class PastEndpoints
{
    public static void MapPast(this IEndpointRouteBuilder routes) => routes.MapGet("/api/steps/{stepId}", AnswerAsync)
        .WithTags("Steps").Produces<PastStep>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound)
        .WithQuery("at", "The step as it was at this instant (ISO 8601 or unix seconds); default now.", "2026-01-24T10:00:06Z")
        .WithName("StepAtInstant").WithSummary("A step with its attempts as the journal tells them, now or at an instant.")
        .WithDescription(
            "status is pending, claimed, running, completed, failed or cancelled; an attempt's is created, running, succeeded, failed or invalidated (cancelled, or given back). "
            + "404 also where the step did not exist yet at that instant.")
        .WithExample(answer: """
            {"step_id":"step_20260124100000_1a2b3c4d","type":"hello_world","status":"running","args":{"message":"Hello, FLEET-Q!"},"metadata":{"user":"alice"},"priority":1,"retry_count":0,
             "max_retries":3,"created_at":"2026-01-24T10:00:00.000000Z","updated_at":"2026-01-24T10:00:05.000000Z","attempts":[{"attempt_id":"step_20260124100000_1a2b3c4d-1",
             "attempt_number":1,"status":"running","pod_id":"pod-worker-abc123","started_at":"2026-01-24T10:00:05.000000Z","matched_hint_ids":[]}],
             "pod_id":"pod-worker-abc123","at":"2026-01-24T10:00:06.000000Z"}
            """);

    private static async Task<IResult> AnswerAsync(string stepId, HttpRequest request, IStepJournal journal, CancellationToken cancellationToken)
    {
        var id = RouteText.Decode(stepId);
        var at = Page.InstantOf(request, "at");
        var events = await journal.ListAsync(id, cancellationToken);
        return StepFold.Fold(events, at) switch
        {
            { } step => Results.Ok(step),
            null when at is { } then && events.Count > 0 => Errors.NotFound($"Step {Errors.Quote(id)} did not exist yet at {Instant.Format(then)}."),
            null => Errors.NotFound($"Step {Errors.Quote(id)} does not exist."),
        };
    }
}
