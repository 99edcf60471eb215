using System.Net;
using System.Text.RegularExpressions;

namespace Refinery.Tests.Host;

/// <summary>The page is served from here, may load nothing from elsewhere, and gives way to a UI server when one is set.</summary>
public sealed class PageTests
{
    [Theory]
    [InlineData("/", "text/html")]
    [InlineData("/app.css", "text/css")]
    [InlineData("/app.js", "text/javascript")]
    public async Task The_built_in_page_is_served_with_a_policy(string path, string type)
    {
        await using var host = await RefineryHost.StartAsync();

        using var response = await host.Http.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.StartsWith("default-src 'none'; script-src 'self'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.True(response.Headers.Contains("X-Correlation-ID"));
    }

    [Fact]
    public async Task The_page_asks_only_for_what_is_served()
    {
        await using var host = await RefineryHost.StartAsync();
        var served = (await host.GetAsync("/openapi/v1.json")).GetProperty("paths").EnumerateObject().Select(path => path.Name).ToList();

        var script = await host.Http.GetStringAsync("/app.js");
        var asked = Regex.Matches(script, "[\"`](api/[a-z/]+[a-z])").Select(match => $"/{match.Groups[1].Value}").Distinct().ToList();

        Assert.Contains("/api/queue/stats", asked);
        Assert.Contains("/api/logs", asked);
        Assert.All(asked, path => Assert.Contains(served, known => known == path || known.StartsWith($"{path}/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task With_a_ui_server_set_its_page_is_served_and_our_paths_stay_ours()
    {
        await using var ui = await WebhookStub.StartAsync(body: "\"from the ui server\"");
        await using var host = await RefineryHost.StartAsync(("UI_PROXY_URL", ui.Url.Replace("/trigger", string.Empty, StringComparison.Ordinal)));

        var page = await host.Http.GetStringAsync("/packages/markupsafe");
        using var unknown = await host.Http.GetAsync("/api/nowhere");
        using var wrongMethod = await host.Http.DeleteAsync("/api/health");

        Assert.Equal("\"from the ui server\"", page);
        Assert.Equal("/packages/markupsafe", Assert.Single(ui.Requests).Path);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, wrongMethod.StatusCode);
    }

    [Fact]
    public async Task The_ui_server_never_sees_the_worker_token()
    {
        var query = string.Empty;
        await using var ui = await WebhookStub.StartAsync(context =>
        {
            query = context.Request.QueryString.Value ?? string.Empty;
            return Task.CompletedTask;
        });
        await using var host = await RefineryHost.StartAsync(("UI_PROXY_URL", ui.Url.Replace("/trigger", string.Empty, StringComparison.Ordinal)));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/src/main.ts?import&token=secret&t=1%2F2");
        request.Headers.Add("Cookie", "theme=dark; worker_token=secret; a=b");
        request.Headers.Add("Authorization", "Bearer secret");
        request.Headers.Add("X-Worker-Token", "secret");
        request.Headers.Add("Referer", "http://127.0.0.1/?token=secret");

        using var response = await host.Http.SendAsync(request);

        var seen = await ui.FirstAsync();
        Assert.Equal("?import&t=1%2F2", query);
        Assert.Equal("/src/main.ts", seen.Path);
        Assert.Equal("theme=dark; a=b", seen.Headers["Cookie"]);
        Assert.DoesNotContain(seen.Headers.Values, value => value.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_ui_server_that_is_away_is_502_in_the_one_error_body()
    {
        await using var host = await RefineryHost.StartAsync(("UI_PROXY_URL", "http://127.0.0.1:1"));

        using var response = await host.Http.GetAsync("/");

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains("\"error_type\":\"unavailable\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
