using Microsoft.AspNetCore.Diagnostics;

namespace Refinery.Host.Web;

/// <summary>What metrics and spans call a request: words of ours alone, of which there are few.</summary>
internal static class RequestLabels
{
    private static readonly string[] Known = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"];

    /// <summary>The template of the route that answered; null when none did. Asked after the answer.</summary>
    public static string? Route(HttpContext context)
    {
        // After a fault the endpoint is cleared; the handler keeps which it was.
        var endpoint = context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        return (endpoint as RouteEndpoint)?.RoutePattern.RawText;
    }

    /// <summary>Anybody may invent methods; a label may not.</summary>
    public static string Method(HttpContext context) => Array.Find(Known, known => HttpMethods.Equals(known, context.Request.Method)) ?? "OTHER";
}
