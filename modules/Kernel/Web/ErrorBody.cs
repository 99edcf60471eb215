using Microsoft.AspNetCore.Http;

namespace Refinery.Kernel.Web;

/// <summary>The one error body, on every path and for every fault.</summary>
/// <param name="Error">A short title, for example <c>Not found</c>.</param>
/// <param name="Detail">One sentence for a person.</param>
/// <param name="ErrorType">The code: <c>validation_error</c>, <c>not_found</c>, ….</param>
/// <param name="Timestamp">When it happened.</param>
/// <param name="Path">The request's path, decoded as the server saw it.</param>
/// <param name="CorrelationId">Equal to the answer's X-Correlation-ID.</param>
/// <param name="Success">False under <c>/builds</c>; absent elsewhere.</param>
public sealed record ErrorBody(
    string Error,
    string Detail,
    string ErrorType,
    DateTimeOffset Timestamp,
    string Path,
    string CorrelationId,
    bool? Success = null)
{
    /// <summary>Where a problem carries a code that its status alone does not tell.</summary>
    public const string CodeKey = "error_type";

    /// <summary>Title and code of a status.</summary>
    public static (string Title, string Code) Words(int status) => status switch
    {
        StatusCodes.Status400BadRequest => ("Invalid request", "validation_error"),
        StatusCodes.Status401Unauthorized => ("Unauthorized", "unauthorized"),
        StatusCodes.Status403Forbidden => ("Forbidden", "permission_denied"),
        StatusCodes.Status404NotFound => ("Not found", "not_found"),
        StatusCodes.Status405MethodNotAllowed => ("Method not allowed", "method_not_allowed"),
        StatusCodes.Status409Conflict => ("Conflict", "conflict"),
        StatusCodes.Status413PayloadTooLarge => ("Too large", "payload_too_large"),
        StatusCodes.Status415UnsupportedMediaType => ("Unsupported media type", "unsupported_media_type"),
        StatusCodes.Status416RangeNotSatisfiable => ("Range not satisfiable", "validation_error"),
        StatusCodes.Status429TooManyRequests => ("Too many requests", "too_many_requests"),
        StatusCodes.Status501NotImplemented => ("Not supported", "not_supported"),
        StatusCodes.Status502BadGateway => ("Bad gateway", "unavailable"),
        StatusCodes.Status503ServiceUnavailable => ("Unavailable", "unavailable"),
        StatusCodes.Status504GatewayTimeout => ("Gateway timeout", "unavailable"),
        >= 400 and < 500 => ("Invalid request", "validation_error"),
        _ => ("Internal error", "internal_error"),
    };
}
