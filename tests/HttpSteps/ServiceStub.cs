using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace Refinery.Tests.HttpSteps;

/// <summary>A service on loopback that keeps the calls it gets and answers as it is told.</summary>
internal sealed class ServiceStub : IAsyncDisposable
{
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LoopbackServer server;

    private ServiceStub(Func<HttpContext, int, Task> answer) => server = new LoopbackServer(async context =>
    {
        using var reader = new StreamReader(context.Request.Body);
        var headers = context.Request.Headers;
        Calls.Enqueue(new(
            headers["webhook-id"].ToString(), headers["webhook-timestamp"].ToString(), headers["webhook-signature"].ToString(), await reader.ReadToEndAsync()));
        await answer(context, Calls.Count);
    });

    public ConcurrentQueue<ReceivedCall> Calls { get; } = new();

    public string Url => server.Root + "/run";

    /// <summary>Answers each call by its number, 1 being the first.</summary>
    public static async Task<ServiceStub> StartAsync(Func<int, (int Status, string Body)> answer)
    {
        var stub = new ServiceStub(async (context, number) =>
        {
            var (status, body) = answer(number);
            context.Response.StatusCode = status;
            await context.Response.WriteAsync(body);
        });
        await stub.server.StartAsync();
        return stub;
    }

    /// <summary>Takes each call and never answers.</summary>
    public static async Task<ServiceStub> StartSilentAsync()
    {
        ServiceStub? stub = null;
        stub = new ServiceStub(async (context, _) =>
        {
            var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var left = context.RequestAborted.Register(end.SetResult);
            await end.Task;
            stub!.closed.TrySetResult();
        });
        await stub.server.StartAsync();
        return stub;
    }

    /// <summary>Waits until a caller has closed a call that was not answered.</summary>
    public Task ClosedAsync() => closed.Task.WaitAsync(TimeSpan.FromSeconds(60));

    public ValueTask DisposeAsync() => server.DisposeAsync();
}

/// <summary>What a service received.</summary>
internal sealed record ReceivedCall(string Id, string Timestamp, string Signature, string Body);
