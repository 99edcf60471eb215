using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;
using Yarp.ReverseProxy.Forwarder;

namespace Refinery.Host.Proxy;

/// <summary>Shapes one call to a worker: exactly its URL, our token, our correlation id and nothing of the caller's; and keeps what came back.</summary>
internal sealed class DrainTransformer(Uri webhook, string? token, string correlationId) : HttpTransformer
{
    private const int KeptBytes = 64 << 10;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>The worker's answer, when it is a JSON object of at most 64 KiB that names nothing twice.</summary>
    public JsonObject? Answer { get; private set; }

    public override ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        proxyRequest.RequestUri = webhook;
        proxyRequest.Headers.TryAddWithoutValidation("X-Correlation-ID", correlationId);
        if (TraceContext.Current is { } trace)
        {
            proxyRequest.Headers.TryAddWithoutValidation("traceparent", trace.Traceparent);
        }

        if (!string.IsNullOrEmpty(token))
        {
            proxyRequest.Headers.TryAddWithoutValidation("X-Worker-Token", token);
        }

        if (proxyRequest.Content is { } content)
        {
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            content.Headers.ContentLength = httpContext.Request.ContentLength;
        }

        return ValueTask.CompletedTask;
    }

    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is not null)
        {
            Answer = await ReadAsync(proxyResponse.Content, cancellationToken);
        }

        return false;
    }

    private static async Task<JsonObject?> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        var buffer = new byte[KeptBytes];
        await using var body = await content.ReadAsStreamAsync(cancellationToken);
        var length = await body.ReadAtLeastAsync(buffer, KeptBytes, throwOnEndOfStream: false, cancellationToken);
        JsonText.Clean(buffer.AsSpan(0, length));
        try
        {
            return JsonNode.Parse(buffer.AsSpan(0, length), documentOptions: Strict) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
