using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Refinery.Kernel.Web;

namespace Refinery.Host.Web;

/// <summary>Refuses a body that says it is larger than its endpoint takes before anything reads it; the server stops one that does not say.</summary>
internal sealed class BodyLimiting(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is not { } endpoint)
        {
            return next(context);
        }

        var limit = endpoint.Metadata.GetMetadata<IRequestSizeLimitMetadata>() is { } stated ? stated.MaxRequestBodySize : BodyLimit.Default;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            feature.MaxRequestBodySize = limit;
        }

        return context.Request.ContentLength > limit ? RefuseAsync(context, limit) : next(context);
    }

    private static Task RefuseAsync(HttpContext context, long? limit)
    {
        var length = context.Request.ContentLength;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            // The server reads a refused body away for five seconds, so that a sender in the middle of it sees the answer.
            feature.MaxRequestBodySize = length;
        }

        return Errors.TooLarge($"The body has {length} bytes; at most {limit} are taken here, and nothing was stored.").ExecuteAsync(context);
    }
}
