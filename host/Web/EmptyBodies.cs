namespace Refinery.Host.Web;

/// <summary>A body without a byte has no type: clients that name one by habit are not refused where a body may be left out.</summary>
/// <remarks>JSON stays named, because by it a write that a cookie allows shows that no form has sent it.</remarks>
internal sealed class EmptyBodies(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.ContentLength is 0 && request.ContentType is not null && !request.HasJsonContentType())
        {
            request.ContentType = null;
        }

        return next(context);
    }
}
