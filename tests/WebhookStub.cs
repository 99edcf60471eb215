using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Refinery.Kernel.Work;

namespace Refinery.Tests;

/// <summary>A worker's webhook on loopback that keeps what it receives and answers as it is told.</summary>
internal sealed class WebhookStub : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly AsyncSignal received = new();

    private WebhookStub(WebApplication app, Func<HttpContext, Task> answer)
    {
        this.app = app;
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var text = await reader.ReadToEndAsync();
            var headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
            Requests.Enqueue(new(context.Request.Method, context.Request.Path, headers, text.Length > 0 ? JsonNode.Parse(text) : null));
            received.Pulse();
            await answer(context);
        });
    }

    public ConcurrentQueue<ReceivedRequest> Requests { get; } = new();

    public string Url => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/trigger";

    public static Task<WebhookStub> StartAsync(int status = 200, string body = """{"detail":"drained"}""") => StartAsync(context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body);
    });

    public static async Task<WebhookStub> StartAsync(Func<HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var stub = new WebhookStub(builder.Build(), answer);
        await stub.app.StartAsync();
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

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }
}

/// <summary>What a webhook received.</summary>
internal sealed record ReceivedRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers, JsonNode? Body);
