using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>FLEET-Q's own doors: submit a step and ask where it stands.</summary>
internal static class StepEndpoints
{
    private const long LargestPayload = 1L << 20;

    public static void MapSteps(this IEndpointRouteBuilder routes)
    {
        var fleet = routes.MapGroup(string.Empty).WithTags("Steps");
        fleet.MapPost("/submit", SubmitAsync).RequireWorkerToken().WithBodyLimit(LargestPayload)
            .Produces<SubmitAnswer>(StatusCodes.Status201Created).Produces<SubmitAnswer>().ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status429TooManyRequests).ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .WithName("SubmitStep").WithSummary("Submit a step.")
            .WithDescription(
                "A higher priority runs first; within one, owners (metadata.owner, else metadata.third_party_id) take turns. With not_before it waits for that instant. "
                + "With unique_key at most one step of its type is pending or claimed: while one is, the answer is 200, names it, and nothing is submitted. With the header Idempotency-Key (1 to 255 printable ASCII characters) the step is made once: the same key with the same body "
                + "gets the first answer again, marked Idempotency-Replayed: true; with another body 409. At most 1 MiB.")
            .WithExample(
                """{"type":"hello_world","args":{"message":"Hello, FLEET-Q!"},"metadata":{"user":"alice"},"priority":1,"max_retries":3}""",
                """{"step_id":"step_20260124100000_1a2b3c4d","status":"submitted","message":"Step step_20260124100000_1a2b3c4d submitted successfully"}""");
        fleet.MapGet("/status/{stepId}", StatusAsync).Produces<StatusAnswer>().ProducesProblem(StatusCodes.Status404NotFound)
            .WithName("StepStatus").WithSummary("Where a step stands.")
            .WithDescription("pending, claimed (leased or running), completed or failed; a cancelled step is failed with cancelled: true. waiting_for names what a pending step needs that is not there.")
            .WithExample(answer: """
                {"step_id":"step_20260124100000_1a2b3c4d","status":"claimed","claimed_by":"pod-worker-abc123","last_update_ts":"2026-01-24T10:00:05.000000Z","retry_count":0,"priority":1,
                 "created_ts":"2026-01-24T10:00:00.000000Z","max_retries":3,"payload":{"type":"hello_world","args":{"message":"Hello, FLEET-Q!"},"metadata":{"user":"alice"}}}
                """);
        fleet.MapGet("/idempotency/{stepId}", IdempotencyAsync).Produces<IdempotencyAnswer>().ProducesProblem(StatusCodes.Status404NotFound)
            .WithName("IdempotencyKey").WithSummary("The key under which a step's work is done once.")
            .WithDescription("idem_{last 8 characters of the id}_{first 8 hex digits of the id's SHA-256}: the same on every call and every retry.")
            .WithExample(answer: """{"step_id":"step_20260124100000_1a2b3c4d","idempotency_key":"idem_1a2b3c4d_783372fd"}""");
    }

    private static async Task<IResult> SubmitAsync(Body<SubmitBody> body, HttpContext context, StepIntake intake, CancellationToken cancellationToken)
    {
        var step = body.Value.Step();
        if (!context.Request.Headers.TryGetValue(Submission.Header, out var key))
        {
            return Submitted((await intake.TakeAsync([step], cancellationToken))[0]);
        }

        if (Submission.Fault(key.ToString()) is { } fault)
        {
            return Errors.Validation(fault);
        }

        var once = await intake.TakeOnceAsync(step, key.ToString(), cancellationToken);
        if (!once.IsFirst)
        {
            context.Response.Headers["Idempotency-Replayed"] = "true";
        }

        return once.IsSame
            ? Submitted(once.Step)
            : Errors.Conflict($"The {Submission.Header} {Errors.Quote(key.ToString())} has made step '{once.Step.Row.StepId}' from another body; the same body or a new key is expected.");
    }

    private static IResult Submitted(StoredStep step) => step.IsNew
        ? Results.Json(new SubmitAnswer(step.Row.StepId, "submitted", $"Step {step.Row.StepId} submitted successfully"), statusCode: StatusCodes.Status201Created)
        : Results.Ok(new SubmitAnswer(step.Row.StepId, "active", $"Step {step.Row.StepId} is active under this unique key; nothing was submitted"));

    private static async Task<IResult> StatusAsync(string stepId, ISteps steps, WaitingCauses causes, CancellationToken cancellationToken)
    {
        if (await steps.FindAsync(RouteText.Decode(stepId), cancellationToken) is not { } step)
        {
            return Errors.NotFound("Step not found");
        }

        return Results.Ok(Answer(step, step.Status == StepStatus.Pending ? await causes.WaitingForAsync(step.Type, cancellationToken) : null));
    }

    private static async Task<IResult> IdempotencyAsync(string stepId, ISteps steps, CancellationToken cancellationToken) =>
        await steps.FindAsync(RouteText.Decode(stepId), cancellationToken) is { } step ? Results.Ok(IdempotencyAnswer.Of(step.StepId)) : Errors.NotFound("Step not found");

    private static StatusAnswer Answer(StepSnapshot step, string? waitingFor) => new(
        step.StepId,
        step.Status switch
        {
            StepStatus.Pending => "pending",
            StepStatus.Claimed or StepStatus.Running => "claimed",
            StepStatus.Completed => "completed",
            StepStatus.Failed or StepStatus.Cancelled => "failed",
            _ => throw new InvalidOperationException($"The status {step.Status} has no FLEET-Q word."),
        },
        step.ClaimedBy,
        step.UpdatedAt,
        step.RetryCount,
        step.Priority,
        step.CreatedAt,
        step.MaxRetries,
        new PayloadAnswer(step.Type, step.Args, step.Metadata),
        step.Status == StepStatus.Cancelled ? true : null,
        step.Detail,
        waitingFor,
        step.NotBefore,
        step.UniqueKey);
}
