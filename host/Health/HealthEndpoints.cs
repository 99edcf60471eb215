using Refinery.Kernel.Web;

namespace Refinery.Host.Health;

/// <summary>Whether the process lives, and whether it can work.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api").WithTags("System").AllowAnyone();
        api.MapGet("/health", () => TypedResults.Ok(new HealthAnswer("ok")))
            .WithName("Health")
            .WithSummary("Whether the process lives.")
            .WithDescription("Answers as long as the process can answer at all; for a liveness probe.");
        routes.MapGet("/healthz", () => TypedResults.Ok(new HealthAnswer("ok"))).WithTags("System").AllowAnyone()
            .WithName("Healthz")
            .WithSummary("As /api/health, where executors and orchestrators look for it.");
        api.MapGet("/ready", ReadyAsync)
            .Produces<ReadyAnswer>().Produces<ReadyAnswer>(StatusCodes.Status503ServiceUnavailable)
            .WithName("Ready")
            .WithSummary("Whether the database and the queue answer.")
            .WithDescription("Asks the database a question and the queue backend for its length, each within two seconds; for a readiness probe.");
    }

    private static async Task<IResult> ReadyAsync(Readiness readiness, CancellationToken cancellationToken)
    {
        var answer = await readiness.CheckAsync(cancellationToken);
        return Results.Json(answer, statusCode: answer.Status == Readiness.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}

/// <summary>The process lives.</summary>
internal sealed record HealthAnswer(string Status);

/// <summary>Whether the process can work.</summary>
/// <param name="Status"><c>ready</c> or <c>unready</c>.</param>
internal sealed record ReadyAnswer(string Status, ReadyChecks Checks);

/// <summary>What was asked: <c>ok</c>, or one sentence about the fault.</summary>
internal sealed record ReadyChecks(string Database, string Queue);
