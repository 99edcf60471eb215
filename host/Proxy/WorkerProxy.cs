using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;

namespace Refinery.Host.Proxy;

/// <summary>Tells a worker behind a webhook to drain, through the reverse proxy's forwarder.</summary>
/// <remarks>
/// The call has a request of its own: whoever triggered it may go away, and nothing of his request (body, token, cookies) travels on.
/// Source: docs/spec/control-plane-api.md, "Worker trigger".
/// </remarks>
internal sealed class WorkerProxy(
    IHttpForwarder forwarder, IServiceProvider services, IOptions<ProxyOptions> options, IOptions<HostOptions> host, TimeProvider clock) : IDisposable
{
    private static readonly byte[] Drain = "{\"action\":\"drain\"}"u8.ToArray();

    private readonly Lazy<HttpMessageInvoker> client = new(NewClient);

    /// <summary>Sends one worker its order and waits for the answer, at most WORKER_WEBHOOK_TIMEOUT_SEC seconds.</summary>
    public async Task<WebhookAnswer> DrainAsync(Uri webhook, string correlationId)
    {
        var time = TimeSpan.FromSeconds(options.Value.WorkerWebhookTimeoutSeconds);
        using var limit = new CancellationTokenSource(time, clock);
        var order = new DrainTransformer(webhook, host.Value.WorkerToken, correlationId);
        var request = NewRequest();
        var fault = await forwarder.SendAsync(
            request, webhook.GetLeftPart(UriPartial.Authority), client.Value, new ForwarderRequestConfig { ActivityTimeout = time }, order, limit.Token);
        return new WebhookAnswer(PublicUrl.HostOf(webhook), Outcome(fault, request.Response.StatusCode, limit.IsCancellationRequested), request.Response.StatusCode, order.Answer);
    }

    /// <summary>Whether a worker's webhook answers at all; it is asked with GET, which orders nothing.</summary>
    /// <remarks>A worker that knows POST alone says so by 405 or, as Python's own server does, by 501: that is an answer.</remarks>
    /// <returns>Null when it answers, else one sentence.</returns>
    public async Task<string?> FaultAsync(Uri webhook, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, webhook);
        if (host.Value.WorkerToken is { Length: > 0 } token)
        {
            request.Headers.TryAddWithoutValidation("X-Worker-Token", token);
        }

        try
        {
            using var response = await client.Value.SendAsync(request, cancellationToken);
            var status = (int)response.StatusCode;
            return status < 400 || response.StatusCode is HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented
                ? null
                : $"The worker webhook at {PublicUrl.HostOf(webhook)} answers {status}; check WORKER_WEBHOOK_URL and the worker's token.";
        }
        catch (HttpRequestException)
        {
            return $"The worker webhook at {PublicUrl.HostOf(webhook)} cannot be reached; is the worker running?";
        }
    }

    public void Dispose()
    {
        if (client.IsValueCreated)
        {
            client.Value.Dispose();
        }
    }

    private static WebhookOutcome Outcome(ForwarderError fault, int status, bool timeIsUp) => (fault, status) switch
    {
        _ when timeIsUp => WebhookOutcome.TooSlow,
        (ForwarderError.RequestTimedOut, _) => WebhookOutcome.TooSlow,
        (ForwarderError.None, < 300) => WebhookOutcome.Drained,
        (ForwarderError.None, _) => WebhookOutcome.Refused,
        _ => WebhookOutcome.Unreachable,
    };

    private static HttpMessageInvoker NewClient() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    });

    private DefaultHttpContext NewRequest()
    {
        var context = new DefaultHttpContext { RequestServices = services };
        context.Request.Method = HttpMethods.Post;
        context.Request.Protocol = HttpProtocol.Http11;
        context.Request.ContentLength = Drain.Length;
        context.Request.Body = new MemoryStream(Drain, writable: false);
        return context;
    }
}

/// <summary>What became of one call to a worker.</summary>
internal enum WebhookOutcome
{
    Drained,
    Refused,
    Unreachable,
    TooSlow,
}

/// <summary>One worker's answer.</summary>
/// <param name="Worker">Its host and port.</param>
/// <param name="Status">Its HTTP status; meaningless when it was not reached.</param>
/// <param name="Body">Its JSON object, when it sent one.</param>
internal sealed record WebhookAnswer(string Worker, WebhookOutcome Outcome, int Status, JsonObject? Body)
{
    /// <summary>One sentence about it.</summary>
    public string Sentence => Outcome switch
    {
        WebhookOutcome.Drained => $"The worker at {Worker} was told to drain the queue.",
        WebhookOutcome.Refused => $"The worker webhook at {Worker} answered {Status}.",
        WebhookOutcome.Unreachable => $"The worker webhook at {Worker} cannot be reached.",
        WebhookOutcome.TooSlow => $"The worker webhook at {Worker} did not answer in time; it may still drain.",
        _ => throw new InvalidOperationException($"The outcome {Outcome} has no sentence."),
    };
}
