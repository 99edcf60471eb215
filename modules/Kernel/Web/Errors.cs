using Microsoft.AspNetCore.Http;
using Refinery.Kernel.Work;

namespace Refinery.Kernel.Web;

/// <summary>Every answer a client can cause. Each detail is one sentence: what is wrong, the value, what would be right.</summary>
public static class Errors
{
    /// <summary>400: the request is wrong and nothing was changed.</summary>
    public static IResult Validation(string detail) => Problem(StatusCodes.Status400BadRequest, detail);

    /// <summary>401: no or a wrong token.</summary>
    public static IResult Unauthorized(string detail) => Problem(StatusCodes.Status401Unauthorized, detail);

    /// <summary>403: known, but not allowed.</summary>
    public static IResult Forbidden(string detail) => Problem(StatusCodes.Status403Forbidden, detail);

    /// <summary>404: no such thing.</summary>
    public static IResult NotFound(string detail) => Problem(StatusCodes.Status404NotFound, detail);

    /// <summary>409: the thing's state does not allow it.</summary>
    public static IResult Conflict(string detail) => Problem(StatusCodes.Status409Conflict, detail);

    /// <summary>413: the body is beyond its limit; nothing was stored.</summary>
    public static IResult TooLarge(string detail) => Problem(StatusCodes.Status413PayloadTooLarge, detail);

    /// <summary>415: the body's media type is not taken.</summary>
    public static IResult UnsupportedMediaType(string detail) => Problem(StatusCodes.Status415UnsupportedMediaType, detail);

    /// <summary>429 with Retry-After.</summary>
    public static IResult TooMany(string detail, TimeSpan retryAfter) => new RetryLater(Problem(StatusCodes.Status429TooManyRequests, detail), retryAfter);

    /// <summary>500 as <c>database_error</c>: the database refused what it should have taken; its own text is for the log alone.</summary>
    public static IResult Database() => Results.Problem(
        detail: "The database failed; the log has the cause under this correlation id.",
        statusCode: StatusCodes.Status500InternalServerError,
        extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { [ErrorBody.CodeKey] = "database_error" });

    /// <summary>501: this set-up cannot do it.</summary>
    public static IResult NotSupported(string detail) => Problem(StatusCodes.Status501NotImplemented, detail);

    /// <summary>502: the party behind us cannot be reached.</summary>
    public static IResult BadGateway(string detail) => Problem(StatusCodes.Status502BadGateway, detail);

    /// <summary>503 with Retry-After.</summary>
    public static IResult Unavailable(string detail) => new RetryLater(Problem(StatusCodes.Status503ServiceUnavailable, detail), TimeSpan.FromSeconds(2));

    /// <summary>504: the party behind us is too slow.</summary>
    public static IResult GatewayTimeout(string detail) => Problem(StatusCodes.Status504GatewayTimeout, detail);

    /// <summary>A value as an error may quote it: cut at 100 characters, in single quotes.</summary>
    public static string Quote(string? value) => value switch
    {
        null => "null",
        { Length: > 100 } => $"'{value.AsSpan(0, TextCut.At(value, 100))}…'",
        _ => $"'{value}'",
    };

    private static IResult Problem(int status, string detail) => Results.Problem(detail: detail, statusCode: status);

    /// <summary>Adds Retry-After to an answer.</summary>
    private sealed class RetryLater(IResult inner, TimeSpan after) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.RetryAfter = ((int)Math.Ceiling(after.TotalSeconds)).ToString();
            return inner.ExecuteAsync(httpContext);
        }
    }
}
