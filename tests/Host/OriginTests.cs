using System.Net;

namespace Refinery.Tests.Host;

/// <summary>No page of another site can write here by way of somebody's browser.</summary>
public sealed class OriginTests
{
    [Theory]
    [InlineData("https://evil.example.org", null)]
    [InlineData("https://evil.example.org", "cross-site")]
    [InlineData("http://127.0.0.1:1", "same-site")]
    [InlineData("null", null)]
    [InlineData(null, "cross-site")]
    public async Task A_write_by_a_foreign_page_is_refused(string? origin, string? site)
    {
        await using var host = await RefineryHost.StartAsync(("CORS_ORIGINS", "https://ui.example.org"));

        using var response = await SendAsync(host, origin, site);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Contains("\"error_type\":\"permission_denied\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("own", null)]
    [InlineData("own", "same-origin")]
    [InlineData("https://behind.example.org", "same-origin")]
    [InlineData("https://ui.example.org", "cross-site")]
    public async Task A_write_by_a_script_by_our_page_or_by_an_allowed_page_is_taken(string? origin, string? site)
    {
        await using var host = await RefineryHost.StartAsync(("CORS_ORIGINS", "https://ui.example.org"));

        using var response = await SendAsync(host, origin == "own" ? host.Http.BaseAddress!.GetLeftPart(UriPartial.Authority) : origin, site);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("rebound.example.org", HttpStatusCode.Forbidden)]
    [InlineData("ui.example.org", HttpStatusCode.OK)]
    [InlineData("localhost:8080", HttpStatusCode.OK)]
    [InlineData("[::1]", HttpStatusCode.OK)]
    public async Task On_loopback_a_name_that_a_stranger_pointed_here_is_refused(string name, HttpStatusCode status)
    {
        await using var host = await RefineryHost.StartAsync(("CORS_ORIGINS", "https://ui.example.org"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/queue") { Headers = { Host = name } };

        using var response = await host.Http.SendAsync(request);

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task The_refusal_of_a_name_says_what_to_set()
    {
        await using var host = await RefineryHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/queue") { Headers = { Host = "refinery.example.org:8080" } };

        using var response = await host.Http.SendAsync(request);

        Assert.Contains("add 'http://refinery.example.org:8080' to CORS_ORIGINS", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> SendAsync(RefineryHost host, string? origin, string? site)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/queue/clear");
        request.Headers.TryAddWithoutValidation("Origin", origin is null ? [] : [origin]);
        request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", site is null ? [] : [site]);
        return await host.Http.SendAsync(request);
    }
}
