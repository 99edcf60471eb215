using System.ComponentModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Builds.Records;

/// <summary>Builds as systems that manage builds see them.</summary>
internal static class BuildEndpoints
{
    private const string Example = """
        "id":"build-customer-123-markupsafe-2.1.5-1a2b3c4d","name":"build-customer-123-markupsafe-2.1.5-1a2b3c4d","third_party_id":"customer-123",
        "parser_id":"markupsafe-2.1.5","status":"succeeded","created_at":"2026-01-24T10:00:00.000000Z","started_at":"2026-01-24T10:00:05.000000Z",
        "completed_at":"2026-01-24T10:03:42.500000Z","duration":217.5,"image_uri":"registry.example/markupsafe:1","step_id":"step_20260124100000_1a2b3c4d"
        """;

    private const string Envelope = """
        "success":true,"timestamp":"2026-01-24T10:05:00.000000Z","duration":0.045,"correlation_id":"4f2a"
        """;

    private const string Missing = "Build not found";

    public static void MapBuilds(this IEndpointRouteBuilder routes)
    {
        var builds = routes.MapGroup(string.Empty).WithTags("Builds");
        builds.MapGet("/builds", ListAsync).Produces<BuildListAnswer>()
            .WithName("ListBuilds").WithSummary("Builds by filter and page, newest first.")
            .WithDescription("A build is a wheel build, or any step whose metadata has third_party_id, parser_id or image_uri. All filters given must hold.")
            .WithExample(answer: $$"""
                {"builds":[{{{Example}}}],"count":1,"total":1,"limit":30,"offset":0,"has_more":false,{{Envelope}}}
                """);
        builds.MapGet("/builds/{id}", FindAsync).Produces<BuildFoundAnswer>().ProducesProblem(StatusCodes.Status404NotFound)
            .WithName("GetBuild").WithSummary("One build: its job, attempts, events, error and the end of its log.")
            .WithExample(answer: $$$"""
                {"build":{{{{Example}}},"job":{"step_id":"step_20260124100000_1a2b3c4d","type":"wheel_build","status":"succeeded","pod_id":"pod-1","attempts":1},
                 "attempts":[{"attempt_id":"step_20260124100000_1a2b3c4d-1","attempt":1,"status":"succeeded","pod_id":"pod-1","created_at":"2026-01-24T10:00:05.000000Z",
                   "started_at":"2026-01-24T10:00:05.000000Z","ended_at":"2026-01-24T10:03:42.500000Z","detail":"The wheel was built.","matched_hint_ids":[],
                   "log_url":"/api/logs/markupsafe/2.1.5?attempt=1&sha256=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}],
                 "events":[{"type":"build.created","timestamp":"2026-01-24T10:00:00.000000Z"},
                   {"type":"attempt.succeeded","timestamp":"2026-01-24T10:03:42.500000Z","attempt":1,"detail":"The wheel was built."}],
                 "logs_preview":"Building wheel for markupsafe\n"},{{{Envelope}}}}
                """);
        builds.MapPost("/builds/{id}/cancel", CancelAsync).RequireWorkerToken().Produces<BuildCancelledAnswer>()
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithName("CancelBuild").WithSummary("Cancel a build that waits or runs.")
            .WithDescription("A waiting build is never run. Of a running one no process is left after five seconds, wherever it runs; a late result is refused. Of two who cancel at once one gets 200 and the other 409, as for a build that has ended.")
            .WithExample(answer: $$"""
                {"build_id":"build-customer-123-markupsafe-2.1.5-1a2b3c4d","status":"cancelled","message":"Build cancelled successfully",{{Envelope}}}
                """);
        builds.MapPost("/api/builds/cancel", CancelManyAsync).RequireWorkerToken().Produces<BuildsCancelledAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .WithName("CancelBuilds").WithSummary("Cancel every build that waits or runs and passes all filters given.")
            .WithDescription(
                "At least one filter is expected. With dry_run nothing is changed and the answer says what would be cancelled. "
                + "Builds that come while the call runs, or end by themselves, are neither cancelled nor counted. "
                + "Who leaves before the answer may have cancelled a part of them; the call can be repeated.")
            .WithExample(
                """{"third_party_id":"customer-123","package":"markupsafe","status":"pending","dry_run":true,"reason":"The contract has ended."}""",
                $$"""
                {"dry_run":true,"count":1,"build_ids":["build-customer-123-markupsafe-2.1.5-1a2b3c4d"],{{Envelope}}}
                """);
        builds.MapPost("/api/builds/{id}/retry", RetryAsync).RequireWorkerToken().Produces<BuildRetriedAnswer>().ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithName("RetryBuild").WithSummary("Build once more what has ended, under the same id.")
            .WithDescription("The build waits again with all its retries. Its earlier attempts stay as they are; the next one has the next number. 409 while it waits or runs.")
            .WithExample(answer: $$"""
                {"build_id":"build-customer-123-markupsafe-2.1.5-1a2b3c4d","step_id":"step_20260124100000_1a2b3c4d","status":"pending","message":"Build waits again",{{Envelope}}}
                """);
        builds.MapGet("/async-jobs/stats", StatsAsync).AllowAnyone().Produces<JobStatsAnswer>()
            .WithName("AsyncJobStats").WithSummary("How busy the pool of this process is.")
            .WithExample(answer: """
                {"worker_count":5,"queue_size":23,"max_queue_size":100,"results_count":150,"is_shutdown":false,"timestamp":"2026-01-24T10:00:00.000000Z"}
                """);
    }

    private static async Task<IResult> ListAsync(
        HttpContext context, [AsParameters] BuildQuery query, BuildStore builds, BuildCounterStore counters, TimeProvider clock, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var (filter, (limit, offset)) = (query.Filter, query.Page);
        var rows = await builds.ListAsync(filter, limit, offset, cancellationToken);
        var total = filter.ParserId is null
            ? await counters.CountAsync(filter.ThirdPartyId, filter.Status, cancellationToken)
            : await builds.CountOfParserAsync(filter, cancellationToken);
        return Results.Ok(new BuildListAnswer(
            [.. rows.Select(BuildAnswer.Of)], rows.Count, total, limit, offset, HasMore: (long)offset + rows.Count < total,
            Success: true, clock.GetUtcNow(), clock.GetElapsedTime(started).TotalSeconds, context.TraceIdentifier));
    }

    private static async Task<IResult> FindAsync(
        HttpContext context,
        string id,
        [FromQuery(Name = "log_lines")] [Description("Lines of log at most, 1 to 1000; anything else counts as 50.")] string? logLines,
        BuildReader reader,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        return await reader.ReadAsync(RouteText.Decode(id), BuildReader.Lines(logLines), cancellationToken) is { } build
            ? Results.Ok(new BuildFoundAnswer(build, Success: true, clock.GetUtcNow(), clock.GetElapsedTime(started).TotalSeconds, context.TraceIdentifier))
            : Errors.NotFound(Missing);
    }

    private static async Task<IResult> CancelAsync(
        HttpContext context,
        string id,
        [FromQuery(Name = "reason")] [Description("Why, in a sentence; it stands in the journal and at the end of the log.")] string? reason,
        BuildStore builds,
        IStepCancel steps,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        if (Reason.Fault("parameter", reason) is { } fault)
        {
            return Errors.Validation(fault);
        }

        if (await builds.FindAsync(RouteText.Decode(id), cancellationToken) is not { } build)
        {
            return Errors.NotFound(Missing);
        }

        return await steps.CancelAsync(build.StepId, context.Actor, Reason.Of("Cancelled", reason, context), cancellationToken) switch
        {
            CancelOutcome.Cancelled => Results.Ok(new BuildCancelledAnswer(
                build.BuildId, BuildStatus.Cancelled, "Build cancelled successfully",
                Success: true, clock.GetUtcNow(), clock.GetElapsedTime(started).TotalSeconds, context.TraceIdentifier)),
            CancelOutcome.Finished => Errors.Conflict("Build cannot be cancelled"),
            CancelOutcome.Unknown => Errors.NotFound(Missing),
            var outcome => throw new InvalidOperationException($"The outcome {outcome} has no answer."),
        };
    }

    private static async Task<IResult> CancelManyAsync(
        HttpContext context, Body<CancelBuildsBody> body, BuildCancel cancel, TimeProvider clock, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var asked = body.Value;
        var found = asked.DryRun
            ? await cancel.LookAsync(asked.Filter, cancellationToken)
            : await cancel.CancelAsync(asked.Filter, context.Actor, Reason.Of("Cancelled", asked.Reason, context), cancellationToken);
        return Results.Ok(new BuildsCancelledAnswer(
            asked.DryRun, found.Count, found.First, Success: true, clock.GetUtcNow(), clock.GetElapsedTime(started).TotalSeconds, context.TraceIdentifier));
    }

    private static async Task<IResult> RetryAsync(
        HttpContext context,
        string id,
        [FromQuery(Name = "reason")] [Description("Why, in a sentence; it stands in the journal.")] string? reason,
        BuildStore builds,
        ISteps steps,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        if (Reason.Fault("parameter", reason) is { } fault)
        {
            return Errors.Validation(fault);
        }

        if (await builds.FindAsync(RouteText.Decode(id), cancellationToken) is not { } build)
        {
            return Errors.NotFound(Missing);
        }

        if (await steps.RetryAsync(build.StepId, Reason.Of("Retried", reason, context), cancellationToken))
        {
            return Results.Ok(new BuildRetriedAnswer(
                build.BuildId, build.StepId, BuildStatus.Pending, "Build waits again",
                Success: true, clock.GetUtcNow(), clock.GetElapsedTime(started).TotalSeconds, context.TraceIdentifier));
        }

        var now = await builds.FindAsync(build.BuildId, cancellationToken);
        return Errors.Conflict(now is { CompletedAt: null } ? "Build has not ended" : "Another build is active under its unique key");
    }

    private static async Task<IResult> StatsAsync(
        ISteps steps, ILocalWorker worker, BuildCounterStore counters, IHostApplicationLifetime lifetime, TimeProvider clock, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var ended = await counters.CountEndedAsync(now.AddHours(-1), cancellationToken);
        return Results.Ok(new JobStatsAnswer(
            worker.Capacity, steps.CountWaiting(), steps.MostWaiting, ended, lifetime.ApplicationStopping.IsCancellationRequested, now));
    }
}
