using Refinery.Kernel.Web;

namespace Refinery.Host.Proxy;

/// <summary>Telling workers to work: trigger and smoke, under <c>/api/worker</c> and, for older callers, <c>/worker</c>.</summary>
internal static class WorkerEndpoints
{
    private const string TriggerText =
        "Drains through WORKER_WEBHOOK_URL when it is set, else by WORKER_LOCAL_CMD, else by the worker inside this process. A webhook is sent "
        + "{\"action\":\"drain\"} with X-Worker-Token, nothing of the caller's; its answer comes back with detail and queue_length added. "
        + "The drain goes on when the caller goes away. 202 says that it goes on in the background.";

    private const string SmokeText =
        "Looks whether folders are writable, the interpreter and pip run, the index or the files are there and the webhook answers. Nothing is drained.";

    public static void MapWorker(this IEndpointRouteBuilder routes)
    {
        foreach (var (prefix, suffix) in new[] { ("/api/worker", string.Empty), ("/worker", "AtRoot") })
        {
            var worker = routes.MapGroup(prefix).WithTags("Worker");
            worker.MapPost("/trigger", TriggerAsync).RequireWorkerToken()
                .Produces<TriggerAnswer>().Produces<TriggerAnswer>(StatusCodes.Status202Accepted)
                .ProducesProblem(StatusCodes.Status502BadGateway).ProducesProblem(StatusCodes.Status503ServiceUnavailable)
                .ProducesProblem(StatusCodes.Status504GatewayTimeout)
                .WithName("TriggerWorker" + suffix).WithSummary("Drain the queue now.").WithDescription(TriggerText);
            worker.MapPost("/smoke", SmokeAsync).RequireWorkerToken()
                .Produces<SmokeAnswer>().ProducesProblem(StatusCodes.Status503ServiceUnavailable)
                .WithName("SmokeWorker" + suffix).WithSummary("Whether builds could run here.").WithDescription(SmokeText);
        }
    }

    private static Task<IResult> TriggerAsync(HttpContext context, Body<TriggerBody>? body, WorkerTrigger trigger, CancellationToken cancellationToken)
    {
        _ = body;
        return trigger.DrainAsync(context.TraceIdentifier, cancellationToken);
    }

    private static async Task<IResult> SmokeAsync(Body<SmokeBody>? body, Smoke smoke, CancellationToken cancellationToken)
    {
        _ = body;
        var found = await smoke.RunAsync(cancellationToken);
        var faults = found.Where(check => check.Fault is not null).Select(check => check.Fault).ToList();
        return faults.Count > 0
            ? Errors.Unavailable(string.Join(' ', faults))
            : Results.Ok(new SmokeAnswer("ok", "Everything that builds need is there.", found.ToDictionary(check => check.Name, _ => "ok", StringComparer.Ordinal)));
    }
}
