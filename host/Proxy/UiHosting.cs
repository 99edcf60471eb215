using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;

namespace Refinery.Host.Proxy;

/// <summary>Sends what no route of ours answers to UI_PROXY_URL, so that a UI development server's page sees our API beside it.</summary>
/// <remarks>A path whose first segment begins a route of ours is ours: an unknown one there stays a 404 in the one error body.</remarks>
internal sealed class UiHosting(RequestDelegate next, IHttpForwarder forwarder, EndpointDataSource endpoints, IOptions<ProxyOptions> options)
{
    private readonly string destination = options.Value.UiProxyUrl;
    private readonly UiTransformer transformer = new();
    private readonly Lazy<HashSet<string>> ours = new(() => FirstSegments(endpoints));
    private readonly Lazy<HttpMessageInvoker> client = new(() => new HttpMessageInvoker(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = new ReverseProxyPropagator(DistributedContextPropagator.Current),
        ConnectTimeout = TimeSpan.FromSeconds(5),
    }));

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is not null || IsOurs(context.Request.Path))
        {
            await next(context);
            return;
        }

        // A failed forward has set 502 or 504 and no body; the status pages write the one error body then.
        await forwarder.SendAsync(context, destination, client.Value, ForwarderRequestConfig.Empty, transformer, context.RequestAborted);
    }

    private static HashSet<string> FirstSegments(EndpointDataSource endpoints) => endpoints.Endpoints
        .OfType<RouteEndpoint>()
        .Select(endpoint => Segment(endpoint.RoutePattern.RawText ?? string.Empty))
        .Where(segment => segment.Length > 0)
        .ToHashSet(StringComparer.OrdinalIgnoreCase);

    private static string Segment(string path) => path.TrimStart('/').Split('/')[0];

    private bool IsOurs(PathString path) => ours.Value.Contains(Segment(path.Value ?? string.Empty));
}
