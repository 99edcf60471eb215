using System.Diagnostics;
using Refinery.Host.Web;

namespace Refinery.Host.Traces;

/// <summary>Says of the server's own span what came of the request: the framework names neither route nor status.</summary>
/// <remarks>Source: OpenTelemetry, "Semantic conventions for HTTP spans", "HTTP server".</remarks>
internal sealed class RequestSpan(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context) =>
        Activity.Current is { Recorded: true } span && span.Source.HasListeners() ? DescribeAsync(context, span) : next(context);

    private async Task DescribeAsync(HttpContext context, Activity span)
    {
        try
        {
            await next(context);
        }
        catch
        {
            // A fault after the answer had begun: its status says nothing of it.
            span.SetStatus(ActivityStatusCode.Error);
            throw;
        }
        finally
        {
            Describe(context, span);
        }
    }

    private static void Describe(HttpContext context, Activity span)
    {
        var route = RequestLabels.Route(context);
        span.DisplayName = route is null ? RequestLabels.Method(context) : $"{RequestLabels.Method(context)} {route}";
        span.SetTag("http.route", route);
        span.SetTag("http.response.status_code", context.Response.StatusCode);
        if (context.Response.StatusCode >= StatusCodes.Status500InternalServerError)
        {
            span.SetStatus(ActivityStatusCode.Error);
        }
    }
}
