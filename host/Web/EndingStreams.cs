using Microsoft.AspNetCore.Http.Metadata;
using Refinery.Kernel.Web;

namespace Refinery.Host.Web;

/// <summary>Ends streams and long waits when the process is asked to stop; otherwise the server would wait for their callers.</summary>
internal sealed class EndingStreams(RequestDelegate next, IHostApplicationLifetime lifetime)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is not { } endpoint || !Waits(endpoint))
        {
            await next(context);
            return;
        }

        var aborted = context.RequestAborted;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted, lifetime.ApplicationStopping);
        context.RequestAborted = either.Token;
        try
        {
            await next(context);
        }
        finally
        {
            // Whoever sees that fire takes the caller for gone, and gives him no sentence.
            context.RequestAborted = aborted;
        }
    }

    private static bool Waits(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<EndAtShutdownMetadata>() is not null
        || endpoint.Metadata.OfType<IProducesResponseTypeMetadata>()
            .Any(produces => produces.ContentTypes.Contains("text/event-stream", StringComparer.Ordinal));
}
