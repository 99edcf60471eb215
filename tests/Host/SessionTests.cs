using System.Net;
using System.Net.Http.Json;

namespace Refinery.Tests.Host;

/// <summary>The session cookie opens writes to pages and to nothing that a form could forge.</summary>
public sealed class SessionTests
{
    [Theory]
    [InlineData("?token=right", HttpStatusCode.OK)]
    [InlineData("?token=wrong", HttpStatusCode.Unauthorized)]
    [InlineData("?token=", HttpStatusCode.BadRequest)]
    [InlineData("", HttpStatusCode.BadRequest)]
    public async Task Only_the_right_token_gets_a_cookie(string query, HttpStatusCode status)
    {
        await using var host = await RefineryHost.StartAsync(("WORKER_TOKEN", "right"));

        using var response = await host.Http.PostAsync("/api/session/token" + query, content: null);

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(status == HttpStatusCode.OK, response.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task The_cookie_is_kept_from_scripts_and_from_other_sites()
    {
        await using var host = await RefineryHost.StartAsync(("WORKER_TOKEN", "right; token"));

        using var response = await host.Http.PostAsync("/api/session/token?token=right%3B%20token", content: null);

        var cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"));
        Assert.Equal("worker_token=right%3B%20token; path=/; samesite=strict; httponly", cookie);
    }

    [Theory]
    [InlineData("worker_token=right", "application/json", HttpStatusCode.OK)]
    [InlineData("worker_token=right", "application/x-www-form-urlencoded", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("worker_token=right", null, HttpStatusCode.UnsupportedMediaType)]
    [InlineData("worker_token=wrong", "application/json", HttpStatusCode.Unauthorized)]
    public async Task A_write_by_cookie_needs_the_right_one_and_a_json_content_type(string cookie, string? contentType, HttpStatusCode status)
    {
        await using var host = await RefineryHost.StartAsync(("WORKER_TOKEN", "right"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/queue/clear") { Content = contentType is null ? null : new StringContent("{}", new System.Net.Http.Headers.MediaTypeHeaderValue(contentType)) };
        request.Headers.Add("Cookie", cookie);

        using var response = await host.Http.SendAsync(request);

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task Where_no_token_is_set_none_is_needed()
    {
        await using var host = await RefineryHost.StartAsync();

        using var response = await host.Http.PostAsJsonAsync("/api/session/token?token=any", new { });

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }
}
