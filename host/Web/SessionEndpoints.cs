using Microsoft.Extensions.Options;
using Refinery.Kernel.Web;

namespace Refinery.Host.Web;

/// <summary>The session helper: puts the worker token into a cookie that scripts cannot read, for pages that write.</summary>
internal static class SessionEndpoints
{
    public static void MapSession(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/session/token", Start).AllowAnyone().WithTags("System")
            .Produces<SessionAnswer>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status401Unauthorized)
            .WithName("StartSession")
            .WithSummary("Keep the worker token in a cookie.")
            .WithDescription(
                "Sets worker_token (HttpOnly, SameSite=Strict, Secure on https) when the token is the right one. A write that is allowed by the cookie "
                + "must carry Content-Type: application/json. Where no token is set, none is needed and no cookie is made.");

    private static IResult Start(HttpContext context, string? token, IOptions<HostOptions> options)
    {
        if (string.IsNullOrEmpty(token))
        {
            return Errors.Validation("The parameter 'token' is missing; the worker token is expected.");
        }

        if (TokenGate.Digest(options.Value.WorkerToken) is not { } expected)
        {
            return Results.Ok(new SessionAnswer("No token is set here, so none is needed."));
        }

        if (!TokenGate.Matches(expected, token))
        {
            return Errors.Unauthorized("The parameter 'token' is not the worker token.");
        }

        context.Response.Cookies.Append(TokenGate.Cookie, token, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = context.Request.IsHttps,
            Path = "/",
        });
        return Results.Ok(new SessionAnswer("The worker token is kept in a cookie until the browser closes."));
    }
}

/// <summary>What became of the token.</summary>
internal sealed record SessionAnswer(string Detail);
