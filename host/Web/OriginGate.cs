using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Web;

namespace Refinery.Host.Web;

/// <summary>Refuses what another site's page makes a browser send here; a client that is no browser sends no Origin and is not asked.</summary>
/// <remarks>Without it any page could write to a server on loopback that has no WORKER_TOKEN, for a simple request asks for no preflight.</remarks>
internal sealed class OriginGate(RequestDelegate next, IServer server, IOptions<HostOptions> options)
{
    private readonly IReadOnlyList<string> allowed = options.Value.AllowedOrigins;
    private readonly Lazy<bool> isPrivate = new(() => IsOnLoopbackOnly(server));

    public Task InvokeAsync(HttpContext context) => Refusal(context.Request) is { } refusal ? refusal.ExecuteAsync(context) : next(context);

    private IResult? Refusal(HttpRequest request)
    {
        if (!IsOurName(request.Host))
        {
            return Errors.Forbidden($"The host {Errors.Quote(request.Host.Value)} is not one of this server's names; call it as localhost, or add {Errors.Quote($"{request.Scheme}://{request.Host.Value}")} to CORS_ORIGINS.");
        }

        return IsWrite(request.Method) && IsForeign(request)
            ? Errors.Forbidden($"The page of the origin {Errors.Quote(request.Headers.Origin)} may not write here; an origin that CORS_ORIGINS names is expected.")
            : null;
    }

    /// <summary>Behind loopback only, a name of the public DNS is a page that had its own name point here.</summary>
    /// <remarks>An address or a name without a dot cannot be pointed anywhere by a stranger.</remarks>
    private bool IsOurName(HostString host) =>
        !host.Host.Contains('.', StringComparison.Ordinal)
        || IPAddress.TryParse(host.Host, out _)
        || host.Host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || !isPrivate.Value
        || allowed.Any(origin => origin == "*" || new Uri(origin).Host.Equals(host.Host, StringComparison.OrdinalIgnoreCase));

    private static bool IsOnLoopbackOnly(IServer server) =>
        server.Features.Get<IServerAddressesFeature>()?.Addresses is { Count: > 0 } addresses && addresses.Select(BindingAddress.Parse).All(IsLoopback);

    private static bool IsLoopback(BindingAddress address) =>
        address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(address.Host, out var ip) && IPAddress.IsLoopback(ip));

    private static bool IsWrite(string method) => !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) && !HttpMethods.IsOptions(method);

    /// <summary>A page cannot set these headers itself; behind a proxy that changes Host, Sec-Fetch-Site alone tells our own page.</summary>
    private bool IsForeign(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        return site switch
        {
            "same-origin" or "none" => false,
            "" when origin.Length == 0 => false,
            "" when Uri.TryCreate(origin, UriKind.Absolute, out var url) && url.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase) => false,
            _ => !allowed.Contains("*", StringComparer.Ordinal) && !allowed.Contains(origin, StringComparer.OrdinalIgnoreCase),
        };
    }
}
