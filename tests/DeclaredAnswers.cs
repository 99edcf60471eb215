using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Tests.Host;

namespace Refinery.Tests;

/// <summary>Notes the status of every answer a host gives, so that one its API's description does not declare fails the test that saw it.</summary>
internal sealed class DeclaredAnswers : IStartupFilter
{
    private static readonly SemaphoreSlim Once = new(1);
    private static Dictionary<string, HashSet<string>>? declared;

    private readonly ConcurrentDictionary<(string Operation, int Status), bool> seen = new();

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(async (context, rest) =>
        {
            await rest(context);
            Note(context);
        });
        next(app);
    };

    /// <summary>Every host describes the same routes, so the first that is asked speaks for all.</summary>
    public async Task CheckAsync(RefineryHost host)
    {
        await Once.WaitAsync();
        try
        {
            declared ??= (await ApiDocument.ReadAsync(host)).Operations.ToDictionary(
                operation => operation.ToString(),
                operation => operation.Answers.Select(answer => answer.Key).ToHashSet(StringComparer.Ordinal),
                StringComparer.Ordinal);
        }
        finally
        {
            Once.Release();
        }

        var faults = seen.Keys
            .Where(answer => declared.TryGetValue(answer.Operation, out var statuses) && !statuses.Contains($"{answer.Status}"))
            .Select(answer => $"{answer.Operation} answered {answer.Status}, which /openapi/v1.json does not declare.");
        Assert.Empty(faults);
    }

    private void Note(HttpContext context)
    {
        // What was thrown takes the endpoint with it.
        var endpoint = context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        if (endpoint is RouteEndpoint route && !context.RequestAborted.IsCancellationRequested)
        {
            seen.TryAdd(($"{context.Request.Method} /{route.RoutePattern.RawText?.Trim('/')}", context.Response.StatusCode), true);
        }
    }
}
