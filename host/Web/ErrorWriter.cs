using Refinery.Kernel.Web;

namespace Refinery.Host.Web;

/// <summary>Prints the one error body for everything that goes wrong: unknown routes, wrong methods, bad input, faults.</summary>
internal sealed class ErrorWriter(TimeProvider clock) : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => true;

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var http = context.HttpContext;
        var status = context.ProblemDetails.Status ?? http.Response.StatusCode;
        var (title, code) = ErrorBody.Words(status);
        var path = http.Request.Path.Value ?? "/";
        var body = new ErrorBody(
            title,
            context.ProblemDetails.Detail ?? DefaultDetail(status, http.Request),
            context.ProblemDetails.Extensions.TryGetValue(ErrorBody.CodeKey, out var own) && own is string known ? known : code,
            clock.GetUtcNow(),
            path,
            http.TraceIdentifier,
            http.Request.Path.StartsWithSegments("/builds", StringComparison.Ordinal) ? false : null);
        http.Response.StatusCode = status;
        await http.Response.WriteAsJsonAsync(body, RefineryJson.Options, http.RequestAborted);
    }

    private static string DefaultDetail(int status, HttpRequest request) => status switch
    {
        StatusCodes.Status404NotFound => $"There is no {Errors.Quote(request.Path.Value)} here; /openapi/v1.json lists every path.",
        StatusCodes.Status405MethodNotAllowed => $"{request.Method} is not allowed on {Errors.Quote(request.Path.Value)}.",
        StatusCodes.Status413PayloadTooLarge => "The body is larger than its limit.",
        StatusCodes.Status415UnsupportedMediaType => $"The content type {Errors.Quote(request.ContentType)} is not taken here; application/json is expected.",
        StatusCodes.Status416RangeNotSatisfiable => $"The range {Errors.Quote(request.Headers.Range)} lies outside the content.",
        >= 500 => "The server failed; its log has the cause under this correlation id.",
        _ => "The request is wrong.",
    };
}
