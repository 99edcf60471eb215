namespace Refinery.Host.Web;

/// <summary>Tells browsers on every answer to believe its content type, so that no log and no file is taken for a page.</summary>
internal sealed class NoSniff(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        // At the start of the answer, for the error handler clears what was set before.
        context.Response.OnStarting(
            static state =>
            {
                ((HttpResponse)state).Headers.XContentTypeOptions = "nosniff";
                return Task.CompletedTask;
            },
            context.Response);
        return next(context);
    }
}
