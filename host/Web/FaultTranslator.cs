using System.Data;
using System.Data.Common;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Data.Sqlite;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Host.Web;

/// <summary>Turns what was thrown into an answer: a client's mistake becomes its sentence, everything else a logged 500.</summary>
internal sealed partial class FaultTranslator(IHostApplicationLifetime lifetime, ILogger<FaultTranslator> logger) : IExceptionHandler
{
    private const int SqliteFull = 13;
    private static readonly TimeSpan QueueRetry = TimeSpan.FromSeconds(5);

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
            case BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout }:
                return Results.Problem("The body came too slowly; nothing was stored.", statusCode: StatusCodes.Status408RequestTimeout);
            case BadHttpRequestException bad:
                return Errors.Validation(BindingSentence(bad));
            case OperationCanceledException when lifetime.ApplicationStopping.IsCancellationRequested:
                return Errors.Unavailable("The server is stopping.");
            case QueueFullException full:
                return Errors.TooMany(full.Message, QueueRetry);
            case DatabaseUnavailableException away:
                return Errors.Unavailable(away.Message);
            case ArtifactsUnavailableException away:
                LogArtifactsAway(logger, away, context.TraceIdentifier);
                return Errors.Unavailable(away.Message);
            case SqliteException { SqliteErrorCode: SqliteFull }:
                return Errors.Unavailable("The disk of DATA_DIR is full; nothing was stored. Make room and try again.");
            case DbException or DBConcurrencyException:
                LogFault(logger, exception, context.Request.Method, context.TraceIdentifier);
                return Errors.Database();
            default:
                LogFault(logger, exception, context.Request.Method, context.TraceIdentifier);
                return Results.Problem(statusCode: StatusCodes.Status500InternalServerError);
        }
    }

    /// <summary>The framework's words name the parameter and the value; the sentence is ours.</summary>
    private static string BindingSentence(BadHttpRequestException bad)
    {
        if (Unbound().Match(bad.Message) is { Success: true } unbound)
        {
            return $"The parameter '{Name(unbound)}' is {Errors.Quote(unbound.Groups["value"].Value)}; a value of another form is expected.";
        }

        return Absent().Match(bad.Message) switch
        {
            { Success: true } absent when !bad.Message.Contains("Body", StringComparison.Ordinal) => $"The parameter '{Name(absent)}' is missing.",
            { Success: true } => "The body is empty; a JSON body is expected.",
            _ => "The request cannot be read; a whole HTTP request is expected.",
        };
    }

    private static string Name(Match match) => JsonNamingPolicy.SnakeCaseLower.ConvertName(match.Groups["name"].Value);

    [GeneratedRegex("^Failed to bind parameter \"[^\"]* (?<name>[^ \"]+)\" from \"(?<value>.*)\"\\.?$", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Unbound();

    [GeneratedRegex("^Required parameter \"[^\"]* (?<name>[^ \"]+)\" was not provided", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Absent();

    [LoggerMessage(LogLevel.Error, "A {Method} request failed; its correlation id is {CorrelationId}.")]
    private static partial void LogFault(ILogger logger, Exception exception, string method, string correlationId);

    [LoggerMessage(LogLevel.Warning, "A request was answered with 503, for the artifact store is away; its correlation id is {CorrelationId}.")]
    private static partial void LogArtifactsAway(ILogger logger, Exception exception, string correlationId);
}
