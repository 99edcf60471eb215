using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Refinery.Tests.Logs;

/// <summary>Logs are searched over the real port.</summary>
public sealed class LogSearchEndpointTests
{
    [Fact]
    public async Task A_found_line_says_where_it_is()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/logs", new { name = "Foo", version = "1.0", content = "one\nfatal error: ffi.h missing\nthree\n", attempt = 3, timestamp = 1700000000 });
        await host.PostAsync("/api/logs", new { name = "bar", version = "1.0", content = "all fine\n" });

        var found = Assert.Single((await host.GetAsync("/api/logs/search?q=ffi.h")).EnumerateArray());

        Assert.Equal("Foo", found.GetProperty("name").GetString());
        Assert.Equal("1.0", found.GetProperty("version").GetString());
        Assert.Equal(3, found.GetProperty("attempt").GetInt32());
        Assert.Equal("2023-11-14T22:13:20.000000Z", found.GetProperty("timestamp").GetString());
        Assert.Equal(2, found.GetProperty("line").GetInt32());
        Assert.Equal("fatal error: ffi.h missing", found.GetProperty("snippet").GetString());
        Assert.Equal(13, found.GetProperty("match").GetProperty("start").GetInt32());
        Assert.Equal(5, found.GetProperty("match").GetProperty("length").GetInt32());
    }

    [Theory]
    [InlineData("q=alpha%25cf8", 0)]
    [InlineData("q=cf_+beta", 0)]
    [InlineData("q=alpha+cf8", 1)]
    [InlineData("q=Alpha", 0)]
    [InlineData("q=a", 1)]
    [InlineData("q=%C3%A9%E2%9C%93", 1)]
    [InlineData("q=al.ha&regex=1", 1)]
    [InlineData("q=al.ha&regex=0", 0)]
    [InlineData("q=%28%3Fi%29ALPHA&regex=1", 1)]
    [InlineData("q=%5Ealpha+cf8%24&regex=1", 0)]
    [InlineData("q=alpha&name=A.Package", 1)]
    [InlineData("q=alpha&name=another", 0)]
    public async Task Letters_are_letters_and_expressions_are_expressions(string query, int count)
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/logs", new { name = "a-package", version = "1", content = "alpha cf8 beta é✓\r\n" });

        var found = await host.GetAsync($"/api/logs/search?{query}");

        Assert.Equal(count, found.GetArrayLength());
    }

    [Theory]
    [InlineData("", "The parameter 'q' is missing; a text of 1 to 1000 characters is expected.")]
    [InlineData("q=", "The parameter 'q' is '';")]
    [InlineData("q=%28&regex=1", "The parameter 'q' is '(', which is no expression this search takes: insufficient closing parentheses at character 1.")]
    [InlineData("q=%28a%29%5C1&regex=1", "not supported")]
    [InlineData("q=a&regex=maybe", "'maybe'")]
    [InlineData("q=a&limit=0", "limit")]
    [InlineData("q=a&limit=ten", "'ten'")]
    public async Task A_bad_search_is_refused_by_its_fault(string query, string named)
    {
        await using var host = await RefineryHost.StartAsync();

        using var response = await host.Http.GetAsync($"/api/logs/search?{query}");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(named, (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(30, 50, 30)]
    [InlineData(30, 7, 7)]
    [InlineData(260, 7, 7)]
    [InlineData(260, 1000, 200)]
    public async Task The_newest_logs_come_first_however_common_the_match_is(int logs, int limit, int expected)
    {
        await using var host = await RefineryHost.StartAsync();

        // Stored from the newest to the oldest, so that the order of storing is the wrong one.
        for (var number = 0; number < logs; number++)
        {
            await host.PostAsync("/api/logs", new { name = $"p{number}", version = "1", content = $"common words of log {number}", timestamp = 1700000000 - number });
        }

        var found = await host.GetAsync($"/api/logs/search?q=common+words&limit={limit}");

        string[] names = [.. found.EnumerateArray().Select(line => line.GetProperty("name").GetString()!)];
        Assert.Equal(Enumerable.Range(0, expected).Select(number => $"p{number}").ToArray(), names);
    }

    [Fact]
    public async Task Every_log_with_the_same_text_is_found_once()
    {
        await using var host = await RefineryHost.StartAsync();
        for (var number = 0; number < 5; number++)
        {
            await host.PostAsync("/api/logs", new { name = "twin", version = $"{number}", content = "the very same words" });
        }

        var found = await host.GetAsync("/api/logs/search?q=very+same");

        Assert.Equal(5, found.EnumerateArray().Select(line => line.GetProperty("version").GetString()).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(5, found.GetArrayLength());
    }
}
