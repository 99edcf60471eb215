using System.ComponentModel;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Hosting;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Logs;

/// <summary>Logs while they are written: send one live, follow one live.</summary>
internal static class LogStreamEndpoints
{
    public static void MapLogStreams(this IEndpointRouteBuilder routes)
    {
        var streams = routes.MapGroup("/api/logs/stream").WithTags("Logs");
        streams.MapPost("/{name}/{version}", WriteAsync).RequireWorkerToken().WithBodyLimit(LogBodyReader.MaxContent)
            .WithQuery("run_id", "The run it belongs to.", "run-1")
            .Accepts<string>("text/plain", "application/x-ndjson").Produces<StreamedLogAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .WithName("StreamLog").WithSummary("Send a log while it is written; it is stored at the end.")
            .WithDescription(
                """
                Text, or with a JSON content type one JSON text or {"line": …} a line. Followers see each line at once. ?attempt= and
                ?run_id= say whose log it is. When the connection breaks, what came is stored; a bad line or more than 64 MiB is
                refused and nothing is stored. A pod names its claim by ?step_id=, ?pod_id= and ?fence=: once the step is not its
                own any more the rest is refused with 409, and what came before is stored.
                """);
        streams.MapGet("/{name}/{version}", FollowAsync)
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream").ProducesProblem(StatusCodes.Status404NotFound)
            .WithName("FollowLog").WithSummary("The newest stored log as one event, or with follow=1 line by line while it is written.")
            .WithDescription(
                """
                Without follow: exactly one `event: log` whose data is the log, then the end. With follow=1: an `event: line` with
                {"number", "line"} for each line, an `event: end` when the log is complete. The ids name log and line: a reader that
                comes again with its Last-Event-ID misses and repeats nothing.
                """);
    }

    private static async Task<IResult> WriteAsync(
        [AsParameters] LogAddress address, [AsParameters] LogClaim named, HttpRequest request, LiveLogs live, IFence fence, IHostApplicationLifetime lifetime,
        CancellationToken cancellationToken)
    {
        var (target, claim) = (address.Read(), named.Read());
        var runId = request.QueryText("run_id") is { Length: > 0 } run ? run : null;
        if (new NewLogBody(target.Name, target.Version, string.Empty, RunId: runId).Fault() is { } fault)
        {
            return Errors.Validation(fault);
        }

        if (claim is not null && !await fence.MayLogAsync(claim, cancellationToken))
        {
            return Lost(claim);
        }

        LetPause(request);
        LogBodyReader.TakeOver(request);
        await using var log = live.Open(new LogKey(target.Name, target.Version, target.Attempt, runId, claim?.StepId));
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        var body = new LiveLogBody(log, LiveLogBody.IsJsonLines(request), token => claim is null ? Task.FromResult(true) : fence.MayLogAsync(claim, token));
        var refusal = await CopyAsync(body, request.BodyReader, log, ended.Token) switch
        {
            LogEnd.Whole => null,
            LogEnd.Broken => Errors.Unavailable("The log ended before its body did; what came is stored."),
            LogEnd.Lost => Lost(claim),
            var end => throw new InvalidOperationException($"The end {end} has no answer."),
        };
        var stored = await log.CompleteAsync(CancellationToken.None);
        return refusal ?? Results.Ok(new StreamedLogAnswer("The log is stored.", log.Log.LogId, stored.Sha256, stored.SizeBytes, stored.Lines));
    }

    private static IResult Lost(Holder? claim) =>
        Errors.Conflict($"Pod {Errors.Quote(claim?.PodId)} does not hold step {Errors.Quote(claim?.StepId)} under fence {claim?.Fence}: stop at once and write no more of it.");

    private static async Task<LogEnd> CopyAsync(LiveLogBody body, PipeReader bytes, LiveLog log, CancellationToken cancellationToken)
    {
        try
        {
            if (await body.CopyAsync(bytes, cancellationToken))
            {
                return LogEnd.Whole;
            }

            await log.WriteLineAsync("[the log ends here: its pod lost the step]");
            return LogEnd.Lost;
        }
        catch (Exception refused) when (refused is BodyException or BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge })
        {
            log.Abandon();
            throw;
        }
        catch (Exception broken) when (broken is OperationCanceledException or IOException)
        {
            await log.WriteLineAsync("[the log ends here: its connection broke]");
            return LogEnd.Broken;
        }
    }

    /// <summary>How the sending of a log ended.</summary>
    private enum LogEnd
    {
        /// <summary>As its sender meant.</summary>
        Whole,

        /// <summary>The sender or this process went away in the middle.</summary>
        Broken,

        /// <summary>The step was given to another pod.</summary>
        Lost,
    }

    // A build may be silent for long; the server's least rate would cut it off.
    private static void LetPause(HttpRequest request)
    {
        if (request.HttpContext.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }
    }

    private static async Task<IResult> FollowAsync(
        [AsParameters] LogAddress address,
        [Description("1 to follow line by line.")] string? follow,
        HttpRequest request,
        LogReader reader,
        CancellationToken cancellationToken)
    {
        var target = address.Read();
        if (follow is null or "" or "0" or "false")
        {
            return await reader.FindAsync(target, cancellationToken) is { } found ? new LogEventResult(found) : target.Missing();
        }

        return await reader.BeginAsync(target, LogPosition.Read(request), cancellationToken) is { } position
            ? new LogFollowResult(reader, position)
            : target.Missing();
    }
}
