using Microsoft.AspNetCore.Http;

namespace Refinery.Kernel.Web;

/// <summary>Names the request as the one who acts.</summary>
public static class RequestActor
{
    /// <param name="context">Of a request to us.</param>
    extension(HttpContext context)
    {
        /// <summary>Who acts, as the journal names it: the correlation id of the request, for example <c>request-4f2a</c>.</summary>
        public string Actor => $"request-{context.TraceIdentifier}";
    }
}
