using System.Net;
using System.Text.Json;

namespace Refinery.Tests.Host;

/// <summary>What holds for every route: correlation, CORS, limits.</summary>
public sealed class WebRulesTests
{
    [Theory]
    [InlineData("GET", "/api/health", HttpStatusCode.OK)]
    [InlineData("GET", "/nowhere", HttpStatusCode.NotFound)]
    [InlineData("DELETE", "/api/health", HttpStatusCode.MethodNotAllowed)]
    [InlineData("OPTIONS", "/api/health", HttpStatusCode.NoContent)]
    public async Task The_correlation_id_and_the_allowed_origin_are_on_every_answer(string method, string path, HttpStatusCode status)
    {
        await using var host = await RefineryHost.StartAsync(("CORS_ORIGINS", "https://ui.example.org https://other.example.org"));
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("Origin", "https://ui.example.org");
        request.Headers.Add("X-Correlation-ID", "c-1");
        if (method == "OPTIONS")
        {
            request.Headers.Add("Access-Control-Request-Method", "POST");
        }

        using var response = await host.Http.SendAsync(request);

        Assert.Equal(status, response.StatusCode);
        Assert.Equal("c-1", response.Headers.GetValues("X-Correlation-ID").Single());
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("https://ui.example.org", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal("true", response.Headers.GetValues("Access-Control-Allow-Credentials").Single());
    }

    [Theory]
    [InlineData("")]
    [InlineData("https://ui.example.org")]
    public async Task Another_origin_is_told_nothing(string allowed)
    {
        await using var host = await RefineryHost.StartAsync(("CORS_ORIGINS", allowed));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/health");
        request.Headers.Add("Origin", "https://evil.example.org");

        using var response = await host.Http.SendAsync(request);

        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Any_origin_never_comes_with_credentials()
    {
        await using var host = await RefineryHost.StartAsync(("CORS_ORIGINS", "*"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/health");
        request.Headers.Add("Origin", "https://any.example.org");

        using var response = await host.Http.SendAsync(request);

        Assert.Equal("*", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.False(response.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_beyond_its_limit_is_refused_with_the_one_error_body(bool chunked)
    {
        await using var host = await RefineryHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/queue/enqueue") { Content = new ByteArrayContent(new byte[11 << 20]) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.Add("X-Correlation-ID", "c-2");
        request.Headers.ExpectContinue = true;

        using var response = await host.Http.SendAsync(request);

        var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("payload_too_large", body.GetProperty("error_type").GetString());
        Assert.Equal("c-2", response.Headers.GetValues("X-Correlation-ID").Single());
    }
}
