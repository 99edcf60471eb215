using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Contract;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Queue;

/// <summary>The wheels waiting to be built, as people and scripts see them.</summary>
internal static class QueueEndpoints
{
    public static void MapQueue(this IEndpointRouteBuilder routes)
    {
        var queue = routes.MapGroup("/api/queue").WithTags("Queue");
        queue.MapGet("/", ListAsync).WithPaging().Produces<QueueAnswer>()
            .WithName("ListQueue").WithSummary("What waits to be built, next to run first. Reading takes nothing out.");
        queue.MapGet("/stats", StatsAsync).Produces<QueueStatsAnswer>()
            .WithName("QueueStats").WithSummary("How full the queue is.");
        queue.MapPost("/enqueue", EnqueueAsync).RequireWorkerToken().Produces<EnqueueAnswer>(StatusCodes.Status201Created)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .WithName("Enqueue").WithSummary("Queue one wheel, or an array of them.")
            .WithExample(
                """{"package":"markupsafe","version":"2.1.5","python_tag":"cp311","platform_tag":"linux_x86_64","recipes":["apt:libffi-dev"]}""",
                """{"detail":"markupsafe is queued.","step_id":"step_20260124100000_1a2b3c4d","build_id":"build-refinery-markupsafe-2.1.5-1a2b3c4d","queue_length":1}""");
        queue.MapPost("/clear", ClearAsync).RequireWorkerToken().Produces<ClearAnswer>().ProducesProblem(StatusCodes.Status501NotImplemented)
            .WithExample(answer: """{"detail":"3 items were cancelled.","cleared":3}""")
            .WithName("ClearQueue").WithSummary("Cancel everything that waits; running builds go on.");
    }

    private static async Task<IResult> ListAsync(
        HttpRequest request, ISteps steps, QueueBackendInfo backend, TimeProvider clock, CancellationToken cancellationToken)
    {
        var page = Page.Read(request);
        var items = await steps.ListWaitingAsync(StepTypes.WheelBuild, page.Limit, page.Offset, cancellationToken);
        var counts = await steps.CountAsync(StepTypes.WheelBuild, cancellationToken);
        return Results.Ok(new QueueAnswer([.. items.Select(Answer)], counts.Waiting, counts.OldestAgeSeconds(clock.GetUtcNow()), backend.Name));
    }

    private static async Task<IResult> StatsAsync(ISteps steps, QueueBackendInfo backend, TimeProvider clock, CancellationToken cancellationToken)
    {
        var counts = await steps.CountAsync(StepTypes.WheelBuild, cancellationToken);
        return Results.Ok(new QueueStatsAnswer(counts.Waiting, counts.OldestAgeSeconds(clock.GetUtcNow()), backend.Name, counts.Leased, counts.Running));
    }

    private static async Task<IResult> EnqueueAsync(
        HttpContext context, Body<OneOrMany<EnqueueBody>> body, ISteps steps, ISupersede builds, CancellationToken cancellationToken)
    {
        var asked = body.Value;
        var submitted = await steps.SubmitAsync([.. asked.Items.Select(item => item.Step())], cancellationToken);
        var superseded = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (item, step) in asked.Items.Zip(submitted).Where(pair => pair.First.Supersede))
        {
            // The new ones are stored by now: who leaves does not undo that, and what they make needless must not be built.
            superseded[step.StepId] = await builds.SupersedeAsync(step.BuildId, context.Actor, CancellationToken.None);
        }

        var length = steps.CountWaiting(StepTypes.WheelBuild);
        var answers = asked.Items.Zip(submitted, (item, step) =>
            new EnqueueAnswer($"{item.Package} is queued.", step.StepId, step.BuildId, length, superseded.GetValueOrDefault(step.StepId)));
        return Results.Json(asked.IsMany ? answers : answers.First(), statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> ClearAsync(HttpContext context, ISteps steps, QueueBackendInfo backend, CancellationToken cancellationToken)
    {
        if (!backend.Capabilities.HasFlag(QueueCapabilities.Clear))
        {
            return Errors.NotSupported($"The queue backend '{backend.Name}' cannot be cleared; file and redis can.");
        }

        var cleared = await steps.CancelWaitingAsync(StepTypes.WheelBuild, context.Actor, "Cancelled because the queue was cleared.", cancellationToken);
        return Results.Ok(new ClearAnswer(cleared == 1 ? "1 item was cancelled." : $"{cleared} items were cancelled.", cleared));
    }

    private static QueueItemAnswer Answer(WaitingStep step) => new(
        step.StepId,
        step.BuildId,
        step.Args.TextMember("package") ?? string.Empty,
        step.Args.TextMember("version"),
        step.Args.TextMember("python_tag"),
        step.Args.TextMember("platform_tag"),
        RecipeList.Flat(step.Recipes),
        step.Priority,
        step.Attempts,
        step.EnqueuedAt,
        step.NotBefore);
}
