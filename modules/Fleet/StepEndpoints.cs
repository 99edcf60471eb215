using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>FLEET-Q's own doors: submit a step and ask where it stands.</summary>
internal static class StepEndpoints
{
    public static void MapSteps(this IEndpointRouteBuilder routes)
    {
        var fleet = routes.MapGroup(string.Empty).WithTags("Steps");
        fleet.MapPost("/submit", SubmitAsync).RequireWorkerToken().Produces<SubmitAnswer>(StatusCodes.Status201Created)
            .WithName("SubmitStep").WithSummary("Submit a step.");
        fleet.MapGet("/status/{stepId}", StatusAsync).Produces<StatusAnswer>().ProducesProblem(StatusCodes.Status404NotFound)
            .WithName("StepStatus").WithSummary("Where a step stands.");
    }

    private static async Task<IResult> SubmitAsync(Body<SubmitBody> body, ISteps steps, CancellationToken cancellationToken)
    {
        var ask = body.Value;
        var step = new NewStep
        {
            Type = ask.Type,
            Args = ask.Args,
            Metadata = ask.Metadata,
            Priority = ask.Priority,
            MaxRetries = ask.MaxRetries,
        };
        var submitted = (await steps.SubmitAsync([step], cancellationToken))[0];
        return Results.Json(
            new SubmitAnswer(submitted.StepId, "submitted", $"Step {submitted.StepId} submitted successfully"),
            statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> StatusAsync(string stepId, ISteps steps, CancellationToken cancellationToken) =>
        await steps.FindAsync(RouteText.Decode(stepId), cancellationToken) is { } step ? Results.Ok(Answer(step)) : Errors.NotFound("Step not found");

    private static StatusAnswer Answer(StepSnapshot step) => new(
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
        step.Detail);
}
