using Refinery.Host.Web;
using Yarp.ReverseProxy.Forwarder;

namespace Refinery.Host.Proxy;

/// <summary>Forwards a request to the UI server without what opens our writes: the worker token in any of its four places.</summary>
internal sealed class UiTransformer : HttpTransformer
{
    private const string Token = "token";

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await Default.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        var request = httpContext.Request;
        proxyRequest.RequestUri = RequestUtilities.MakeDestinationAddress(destinationPrefix, request.Path, WithoutToken(request.QueryString));
        proxyRequest.Headers.Remove("X-Worker-Token");
        proxyRequest.Headers.Remove("Authorization");
        proxyRequest.Headers.Remove("Cookie");
        if (Without(request.Headers.Cookie.ToString(), ';', TokenGate.Cookie) is { Length: > 0 } cookies)
        {
            proxyRequest.Headers.TryAddWithoutValidation("Cookie", cookies);
        }

        // The address of a page that was opened with ?token= follows in the requests of its parts.
        if (request.Headers.Referer.ToString().Contains("token=", StringComparison.OrdinalIgnoreCase))
        {
            proxyRequest.Headers.Remove("Referer");
        }
    }

    /// <summary>The others stay letter for letter: <c>?import</c> and <c>?import=</c> are not the same to a UI server.</summary>
    private static QueryString WithoutToken(QueryString query) =>
        query.HasValue && Without(query.Value.TrimStart('?'), '&', Token) is { Length: > 0 } rest ? new QueryString("?" + rest) : QueryString.Empty;

    private static string Without(string pairs, char separator, string name) => string.Join(separator, pairs.Split(separator).Where(pair => !IsNamed(pair, name)));

    private static bool IsNamed(string pair, string name) =>
        Uri.UnescapeDataString(pair.Split('=')[0]).Trim().Equals(name, StringComparison.OrdinalIgnoreCase);
}
