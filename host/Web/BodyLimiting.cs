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

        return context.Request.ContentLength > limit
            ? Errors.TooLarge($"The body has {context.Request.ContentLength} bytes; at most {limit} are taken here, and nothing was stored.").ExecuteAsync(context)
            : next(context);
    }
}
