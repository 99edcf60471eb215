using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Data.Sqlite;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;

namespace Refinery.Host.Web;

/// <summary>Turns what was thrown into an answer: a client's mistake becomes its sentence, everything else a logged 500.</summary>
internal sealed partial class FaultTranslator(IHostApplicationLifetime lifetime, ILogger<FaultTranslator> logger) : IExceptionHandler
{
    private const int SqliteFull = 13;

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return true;
        }

        await Translate(exception, httpContext).ExecuteAsync(httpContext);
        return true;
    }

    private IResult Translate(Exception exception, HttpContext context)
    {
        switch (exception)
        {
            case BodyException { Status: StatusCodes.Status413PayloadTooLarge } large:
                return Errors.TooLarge(large.Message);
            case BodyException wrong:
                return Errors.Validation(wrong.Message);
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return Errors.TooLarge("The body is larger than its limit; nothing was stored.");
            case BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType }:
                return Errors.UnsupportedMediaType($"The content type {Errors.Quote(context.Request.ContentType)} is not taken here; application/json is expected.");
            case BadHttpRequestException bad:
                return Errors.Validation(BindingSentence(bad));
            case OperationCanceledException when lifetime.ApplicationStopping.IsCancellationRequested:
                return Errors.Unavailable("The server is stopping.");
            case DatabaseUnavailableException away:
                return Errors.Unavailable(away.Message);
            case SqliteException { SqliteErrorCode: SqliteFull }:
                return Errors.Unavailable("The disk of DATA_DIR is full; nothing was stored. Make room and try again.");
            default:
                LogFault(logger, exception, context.Request.Method, context.TraceIdentifier);
                return Results.Problem(statusCode: StatusCodes.Status500InternalServerError);
        }
    }

    /// <summary>The framework's own words for a parameter that does not bind are kept; they name the parameter and the value.</summary>
    private static string BindingSentence(BadHttpRequestException bad) =>
        bad.Message.StartsWith("Required parameter", StringComparison.Ordinal) && bad.Message.Contains("Body", StringComparison.Ordinal)
            ? "The body is empty; a JSON body is expected."
            : bad.Message.TrimEnd('.') + ".";

    [LoggerMessage(LogLevel.Error, "A {Method} request failed; its correlation id is {CorrelationId}.")]
    private static partial void LogFault(ILogger logger, Exception exception, string method, string correlationId);
}
