using System.Buffers;
using System.Diagnostics;
using Refinery.Kernel.Work;

namespace Refinery.Host.Web;

/// <summary>Takes the caller's X-Correlation-ID or makes one; it is on every answer and in every log line.</summary>
internal sealed class Correlation(RequestDelegate next, ILogger<Correlation> logger)
{
    private const string Header = "X-Correlation-ID";
    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    public async Task InvokeAsync(HttpContext context)
    {
        var given = context.Request.Headers[Header].ToString();
        var id = given.Length is >= 1 and <= 128 && !given.AsSpan().ContainsAnyExcept(Allowed) ? given : Ids.RandomHex(16);
        context.TraceIdentifier = id;
        context.Response.Headers[Header] = id;
        Activity.Current?.SetTag("correlation_id", id);
        context.Response.OnStarting(
            static state =>
            {
                var (response, value) = ((HttpResponse, string))state;
                response.Headers[Header] = value;
                return Task.CompletedTask;
            },
            (context.Response, id));
        using (logger.BeginScope(new Scope(id)))
        {
            await next(context);
        }
    }

    /// <summary>What the log lines of one request share.</summary>
    private sealed record Scope(string CorrelationId)
    {
        public override string ToString() => $"correlation_id:{CorrelationId}";
    }
}
