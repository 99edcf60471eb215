using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace Refinery.Tests.Builds.Index;

/// <summary>A package index on loopback that answers as it is told and keeps who asked.</summary>
internal sealed class IndexStub : IAsyncDisposable
{
    private readonly LoopbackServer server;
    private readonly ConcurrentDictionary<string, Func<HttpContext, Task>> pages = new(StringComparer.Ordinal);

    private IndexStub() => server = new LoopbackServer(context =>
    {
        Requests.Enqueue((context.Request.Path, context.Request.Headers.Authorization.ToString()));
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return pages.TryGetValue(context.Request.Path, out var answer) ? answer(context) : Task.CompletedTask;
    });

    /// <summary>Paths asked for and the Authorization header each came with.</summary>
    public ConcurrentQueue<(string Path, string Authorization)> Requests { get; } = new();

    /// <summary>The address without a path.</summary>
    public string Root => server.Root;

    /// <summary>The root of the Simple API.</summary>
    public string Simple => $"{Root}/simple";

    public static async Task<IndexStub> StartAsync()
    {
        var stub = new IndexStub();
        await stub.server.StartAsync();
        return stub;
    }

    public void Html(string path, string html) => Answer(path, "text/html", html);

    public void Json(string path, string json) => Answer(path, "application/vnd.pypi.simple.v1+json", json);

    public void File(string path, byte[] content) => pages[path] = async context =>
    {
        context.Response.StatusCode = StatusCodes.Status200OK;
        await context.Response.Body.WriteAsync(content);
    };

    public void Status(string path, int status) => pages[path] = context =>
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    };

    public void Redirect(string path, string target) => pages[path] = context =>
    {
        context.Response.Redirect(target);
        return Task.CompletedTask;
    };

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private void Answer(string path, string contentType, string text) => pages[path] = context =>
    {
        context.Response.StatusCode = StatusCodes.Status200OK;
        context.Response.ContentType = contentType;
        return context.Response.WriteAsync(text);
    };
}
