using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Web;

namespace Refinery.Graph;

/// <summary>Where executors send what happened.</summary>
internal static class IngestEndpoint
{
    public static void MapIngest(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/events/ingest", TakeAsync)
        .RequireGraphToken().WithTags("Event graph").Produces<BundleAnswer>()
        .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status409Conflict)
        .WithQuery("on_conflict", "fail (the default) refuses the whole bundle when an event_id belongs to another event; skip passes such events over and names them.", "skip")
        .WithName("IngestEvents").WithSummary("Take a bundle of events into the journal, whole or not at all.")
        .WithDescription("Sending a bundle again is harmless: what the journal holds word for word counts as ingested and is not written twice.")
        .WithExample(
            """{"target":"radix","bundle_id":"bundle-1","events":[{"event_id":"event-1","event_type":"attempt.created","timestamp":"2026-01-24T10:00:00Z","actor_id":"executor-001","payload":{"attempt_id":"attempt-001","task_id":"task-001","attempt_number":1}}]}""",
            """{"ingested":1,"bundle_id":"bundle-1","status":"ok","new":1,"duplicates":0}""");

    private static async Task<IResult> TakeAsync(Body<Bundle> body, HttpRequest request, Ingest ingest, CancellationToken cancellationToken)
    {
        var onConflict = request.QueryText("on_conflict") ?? string.Empty;
        if (onConflict is not ("" or "fail" or "skip"))
        {
            return Errors.Validation($"The parameter 'on_conflict' is {Errors.Quote(onConflict)}; fail or skip is expected.");
        }

        var (bundle, isSkipping) = (body.Value, onConflict == "skip");
        var intake = await ingest.TakeAsync(bundle, isSkipping, cancellationToken);
        return isSkipping || intake.Conflicts is not [var first, ..]
            ? Results.Ok(new BundleAnswer(intake.New + intake.Known, bundle.BundleId, "ok", intake.New, intake.Known, isSkipping ? intake.Conflicts : null))
            : Errors.Conflict(
                $"Event {Errors.Quote(first)} is in the journal with another content; nothing of the bundle was taken. Send ?on_conflict=skip to pass it over.");
    }
}
