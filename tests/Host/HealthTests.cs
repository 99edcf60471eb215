using System.Net;
using System.Text.Json;

namespace Refinery.Tests.Host;

/// <summary>The process answers, and answers errors in its one body.</summary>
public sealed class HealthTests
{
    [Fact]
    public async Task A_fresh_host_says_that_it_lives()
    {
        await using var host = await RefineryHost.StartAsync();

        var answer = await host.GetAsync("/api/health");

        Assert.Equal("ok", answer.GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("GET", "/api/definitely-not-a-route", HttpStatusCode.NotFound, "not_found")]
    [InlineData("POST", "/api/health", HttpStatusCode.MethodNotAllowed, "method_not_allowed")]
    public async Task What_is_not_there_is_answered_with_the_one_error_body(string method, string path, HttpStatusCode status, string code)
    {
        await using var host = await RefineryHost.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("X-Correlation-ID", "my-id.1");

        using var response = await host.Http.SendAsync(request);

        var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(status, response.StatusCode);
        Assert.Equal(code, body.GetProperty("error_type").GetString());
        Assert.Equal(path, body.GetProperty("path").GetString());
        Assert.Equal("my-id.1", body.GetProperty("correlation_id").GetString());
        Assert.Equal("my-id.1", response.Headers.GetValues("X-Correlation-ID").Single());
        Assert.NotEmpty(body.GetProperty("detail").GetString()!);
    }
}
