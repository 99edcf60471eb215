using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Web;

namespace Refinery.Host.Web;

/// <summary>Checks the token an endpoint asks for, before its body is read.</summary>
internal sealed class TokenGate(RequestDelegate next, IOptions<HostOptions> options)
{
    public const string Cookie = "worker_token";
    private static readonly TokenMetadata Default = new(TokenRule.Read);

    private readonly byte[]? worker = Digest(options.Value.WorkerToken);
    private readonly byte[]? graph = Digest(options.Value.GraphToken);
    private readonly bool readsNeedToken = options.Value.AuthReads == "required";

    public Task InvokeAsync(HttpContext context) =>
        context.GetEndpoint() is { } endpoint && Refusal(context, endpoint) is { } refusal ? refusal.ExecuteAsync(context) : next(context);

    /// <summary>SHA-256 of a token; null when none is set.</summary>
    public static byte[]? Digest(string? token) => string.IsNullOrEmpty(token) ? null : SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>Compares in constant time.</summary>
    public static bool Matches(byte[] expected, string? given) =>
        given is { Length: > 0 } && CryptographicOperations.FixedTimeEquals(expected, SHA256.HashData(Encoding.UTF8.GetBytes(given)));

    private IResult? Refusal(HttpContext context, Endpoint endpoint)
    {
        var rule = (endpoint.Metadata.GetMetadata<TokenMetadata>() ?? Default).Rule;
        return rule switch
        {
            TokenRule.Open => null,
            TokenRule.Graph => GraphRefusal(context),
            TokenRule.Read when !readsNeedToken => null,
            TokenRule.Read or TokenRule.Write => worker is null ? null : WorkerRefusal(context, worker, rule),
            _ => throw new InvalidOperationException($"The token rule {rule} is unknown."),
        };
    }

    private static IResult? WorkerRefusal(HttpContext context, byte[] expected, TokenRule rule)
    {
        var request = context.Request;
        string?[] given = [request.Headers["X-Worker-Token"], Bearer(request), request.Query["token"]];
        if (given.Any(token => Matches(expected, token)))
        {
            return null;
        }

        if (!Matches(expected, request.Cookies[Cookie]))
        {
            return Errors.Unauthorized("This needs the worker token: send it as X-Worker-Token, as Authorization: Bearer, as ?token= or as the cookie worker_token.");
        }

        return rule == TokenRule.Write && !IsScripted(request)
            ? Errors.UnsupportedMediaType("A write that is allowed by its cookie must carry Content-Type: application/json.")
            : null;
    }

    /// <summary>No form can send these, so no other site can forge the request.</summary>
    private static bool IsScripted(HttpRequest request) =>
        request.HasJsonContentType() || request.Headers.ContainsKey("X-Requested-With") || request.Headers.ContainsKey("X-Correlation-ID");

    private IResult? GraphRefusal(HttpContext context)
    {
        if (graph is not null && Matches(graph, Bearer(context.Request)))
        {
            return null;
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Errors.Unauthorized(graph is null
            ? "The event graph refuses every call until LEVIATHAN_CONTROL_PLANE_TOKEN is set."
            : "This needs Authorization: Bearer with the control plane token.");
    }

    private static string? Bearer(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header[7..].Trim() : null;
    }
}
