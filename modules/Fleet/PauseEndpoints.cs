using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Web;

namespace Refinery.Fleet;

/// <summary>Step types that are paused and resumed.</summary>
internal static class PauseEndpoints
{
    public static void MapPauses(this IEndpointRouteBuilder routes)
    {
        var types = routes.MapGroup("/admin/types").WithTags("Fleet");
        types.MapGet("/paused", ListAsync).Produces<IReadOnlyList<PausedType>>()
            .WithName("ListPausedTypes").WithSummary("Step types of which nobody gets a step.");
        types.MapPost("/{type}/pause", PauseAsync).RequireWorkerToken().Produces<PauseAnswer>().ProducesProblem(StatusCodes.Status400BadRequest)
            .WithName("PauseType").WithSummary("Give nobody a step of this type any more.")
            .WithDescription("Steps go on being taken in and wait; what is held goes on. It lasts through restarts, until the type is resumed. The body may be left out.")
            .WithExample("""{"reason":"The mail server is being moved."}""", """{"type":"email_notification","paused":true}""");
        types.MapPost("/{type}/resume", ResumeAsync).RequireWorkerToken().Produces<PauseAnswer>().ProducesProblem(StatusCodes.Status400BadRequest)
            .WithName("ResumeType").WithSummary("Give steps of this type away again.")
            .WithExample(answer: """{"type":"email_notification","paused":false}""");
    }

    private static async Task<IResult> ListAsync(Pauses pauses, CancellationToken cancellationToken) => Results.Ok(await pauses.ListAsync(cancellationToken));

    private static async Task<IResult> PauseAsync(string type, Body<PauseBody>? body, Pauses pauses, CancellationToken cancellationToken)
    {
        if (Faults.Type(type) is { } fault)
        {
            return Errors.Validation(fault);
        }

        await pauses.PauseAsync(type, body?.Value.Reason, cancellationToken);
        return Results.Ok(new PauseAnswer(type, Paused: true));
    }

    private static async Task<IResult> ResumeAsync(string type, Pauses pauses, CancellationToken cancellationToken)
    {
        if (Faults.Type(type) is { } fault)
        {
            return Errors.Validation(fault);
        }

        await pauses.ResumeAsync(type, cancellationToken);
        return Results.Ok(new PauseAnswer(type, Paused: false));
    }
}

/// <summary>Why a type is paused.</summary>
internal sealed record PauseBody(string? Reason = null) : IChecked
{
    public string? Fault() => Reason is { Length: > 1000 } ? "The field 'reason' is longer than 1000 characters." : null;
}

/// <summary>Whether a type is paused now.</summary>
internal sealed record PauseAnswer(string Type, bool Paused);
