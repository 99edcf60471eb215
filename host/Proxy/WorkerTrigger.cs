using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Host.Proxy;

/// <summary>Makes somebody drain the queue: the webhooks if any are set, else the local command, else the local worker.</summary>
internal sealed class WorkerTrigger(
    WorkerProxy proxy, WorkerCommand command, ILocalWorker worker, ISteps steps, IOptions<ProxyOptions> options)
{
    /// <summary>Which way is taken: <c>webhook</c>, <c>local</c> or <c>none</c>.</summary>
    public string Mode => options.Value switch
    {
        { Webhooks.Count: > 0 } => "webhook",
        { WorkerLocalCommand.Length: > 0 } => "local",
        _ => worker.IsOn ? "local" : "none",
    };

    /// <summary>Drains, and says what was done.</summary>
    /// <param name="cancellationToken">Fires when the caller goes away; the order goes on without him.</param>
    public async Task<IResult> DrainAsync(string correlationId, CancellationToken cancellationToken)
    {
        var settings = options.Value;
        if (settings.Webhooks is { Count: > 0 } webhooks)
        {
            var calls = Task.WhenAll(webhooks.Select(webhook => proxy.DrainAsync(webhook, correlationId)));
            return await AnswerAsync(await calls.WaitAsync(cancellationToken), cancellationToken);
        }

        if (settings.WorkerLocalCommand.Length > 0)
        {
            return command.Drain() is { } fault
                ? Errors.Unavailable(fault)
                : await AcceptedAsync("The worker command drains the queue in the background.", cancellationToken);
        }

        return worker.Drain()
            ? await AcceptedAsync("The local worker drains the queue in the background.", cancellationToken)
            : Errors.Unavailable("No worker is configured; set WORKER_WEBHOOK_URL or WORKER_LOCAL_CMD, or LOCAL_WORKER=1.");
    }

    private async Task<IResult> AcceptedAsync(string detail, CancellationToken cancellationToken) =>
        Results.Json(new TriggerAnswer(detail, await LengthAsync(cancellationToken)), statusCode: StatusCodes.Status202Accepted);

    private async Task<IResult> AnswerAsync(WebhookAnswer[] answers, CancellationToken cancellationToken)
    {
        if (answers.All(answer => answer.Outcome != WebhookOutcome.Drained))
        {
            var sentences = string.Join(' ', answers.Select(answer => answer.Sentence));
            return answers.All(answer => answer.Outcome == WebhookOutcome.TooSlow) ? Errors.GatewayTimeout(sentences) : Errors.BadGateway(sentences);
        }

        var merged = answers.Length == 1 ? answers[0].Body ?? [] : Several(answers);
        if (answers.Length > 1 || merged["detail"] is not JsonValue)
        {
            merged["detail"] = string.Join(' ', answers.Select(answer => answer.Sentence));
        }

        merged["queue_length"] = await LengthAsync(cancellationToken);
        var goesOn = answers.Any(answer => answer.Status == StatusCodes.Status202Accepted);
        return Results.Json(merged, statusCode: goesOn ? StatusCodes.Status202Accepted : StatusCodes.Status200OK);
    }

    private static JsonObject Several(WebhookAnswer[] answers) => new()
    {
        ["workers"] = new JsonArray([.. answers.Select(answer => new JsonObject
        {
            ["worker"] = answer.Worker,
            ["drained"] = answer.Outcome == WebhookOutcome.Drained,
            ["detail"] = answer.Sentence,
        })]),
    };

    private async Task<long> LengthAsync(CancellationToken cancellationToken) =>
        (await steps.CountAsync(StepTypes.WheelBuild, cancellationToken)).Waiting;
}
