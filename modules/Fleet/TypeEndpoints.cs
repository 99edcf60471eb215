using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Step types: what waits of each, and pausing one.</summary>
internal static class TypeEndpoints
{
    public static void MapTypes(this IEndpointRouteBuilder routes)
    {
        var types = routes.MapGroup("/admin/types").WithTags("Fleet");
        types.MapGet("/", ListAsync).Produces<TypesAnswer>()
            .WithName("ListTypes").WithSummary("Step types: what waits and runs of each, and which are paused.")
            .WithExample(answer: """
                {"types":[{"type":"deploy","pending":12,"claimed":0,"is_served_here":false,
                 "pause":{"since":"2026-01-24T10:00:00.000000Z","by":"request-0HNP5B2","reason":"The cluster is upgraded."}}]}
                """);
        types.MapPost("/{type}/pause", PauseAsync).RequireWorkerToken().Produces<TypeAnswer>()
            .WithName("PauseType").WithSummary("Give steps of a type to nobody until it is resumed.")
            .WithDescription("What runs already goes on, and steps may be submitted. The pause outlives a restart. Pausing what is paused changes nothing and answers the first pause.")
            .WithExample(
                """{"reason":"The cluster is upgraded."}""",
                """
                {"type":"deploy","pending":12,"claimed":3,"is_served_here":false,
                 "pause":{"since":"2026-01-24T10:00:00.000000Z","by":"request-0HNP5B2","reason":"The cluster is upgraded."}}
                """);
        types.MapPost("/{type}/resume", ResumeAsync).RequireWorkerToken().Produces<TypeAnswer>()
            .WithName("ResumeType").WithSummary("Give steps of a type to pods again.")
            .WithDescription("Resuming what is not paused changes nothing.")
            .WithExample(answer: """{"type":"deploy","pending":12,"claimed":0,"is_served_here":false}""");
    }

    private static async Task<IResult> ListAsync(Database database, StepCounters counters, HandlerTable handlers, CancellationToken cancellationToken)
    {
        var paused = (await database.ReadAsync(PausedTypeStore.ListAsync, cancellationToken)).ToDictionary(pause => pause.Type, StringComparer.Ordinal);
        var names = counters.Types.Concat(handlers.Types).Concat(paused.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return Results.Ok(new TypesAnswer([.. names.Select(type => Answer(type, paused.GetValueOrDefault(type), counters, handlers))]));
    }

    private static async Task<IResult> PauseAsync(
        HttpContext context, string type, Body<PauseBody>? body, Pauses pauses, StepCounters counters, HandlerTable handlers, TimeProvider clock, CancellationToken cancellationToken)
    {
        var name = RouteText.Decode(type);
        if (Faults.Type(name) is { } fault)
        {
            return Errors.Validation(fault);
        }

        var wanted = new PausedType(name, body?.Value.Reason, context.Actor, Instant.Truncate(clock.GetUtcNow()));
        return Results.Ok(Answer(name, await pauses.PauseAsync(wanted, cancellationToken), counters, handlers));
    }

    private static async Task<IResult> ResumeAsync(
        HttpContext context, string type, Pauses pauses, StepCounters counters, HandlerTable handlers, CancellationToken cancellationToken)
    {
        var name = RouteText.Decode(type);
        if (Faults.Type(name) is { } fault)
        {
            return Errors.Validation(fault);
        }

        await pauses.ResumeAsync(name, context.Actor, cancellationToken);
        return Results.Ok(Answer(name, paused: null, counters, handlers));
    }

    private static TypeAnswer Answer(string type, PausedType? paused, StepCounters counters, HandlerTable handlers) => new(
        type,
        counters.Of(type, Status.Pending),
        counters.Of(type, Status.Claimed) + counters.Of(type, Status.Running),
        handlers.Types.Contains(type, StringComparer.Ordinal),
        paused is null ? null : PauseAnswer.Of(paused));
}
