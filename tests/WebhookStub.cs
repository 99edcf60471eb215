using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Refinery.Kernel.Work;

namespace Refinery.Tests;

/// <summary>A worker's webhook on loopback that keeps what it receives and answers as it is told.</summary>
internal sealed class WebhookStub : IAsyncDisposable
{
    private readonly LoopbackServer server;
    private readonly AsyncSignal received = new();

    private WebhookStub(Func<HttpContext, Task> answer) => server = new LoopbackServer(async context =>
    {
        using var reader = new StreamReader(context.Request.Body);
        var text = await reader.ReadToEndAsync();
        var headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        Requests.Enqueue(new(context.Request.Method, context.Request.Path, headers, text, text.Length > 0 ? JsonNode.Parse(text) : null));
        received.Pulse();
        await answer(context);
    });

    public ConcurrentQueue<ReceivedRequest> Requests { get; } = new();

    public string Url => server.Root + "/trigger";

    public static Task<WebhookStub> StartAsync(int status = 200, string body = """{"detail":"drained"}""") => StartAsync(context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body);
    });

    public static async Task<WebhookStub> StartAsync(Func<HttpContext, Task> answer)
    {
        var stub = new WebhookStub(answer);
        await stub.server.StartAsync();
        return stub;
    }

    /// <summary>Waits for the first request.</summary>
    public async Task<ReceivedRequest> FirstAsync()
    {
        while (true)
        {
            var next = received.Next;
            if (Requests.TryPeek(out var request))
            {
                return request;
            }

            await next.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}

/// <summary>What a webhook received.</summary>
/// <param name="Text">The body, letter by letter.</param>
internal sealed record ReceivedRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers, string Text, JsonNode? Body);
