using System.Net;

namespace Refinery.Tests.Host;

/// <summary>Every list's default and maximum, over more items than the largest list shows.</summary>
public sealed class PagingTests(PagingTests.FullHost full) : IClassFixture<PagingTests.FullHost>
{
    [Theory]
    [InlineData("/api/recent", 50, 500)]
    [InlineData("/api/history", 50, 500)]
    [InlineData("/api/failures", 50, 500)]
    [InlineData("/api/failures?name=wide", 50, 500)]
    [InlineData("/api/variants/wide", 100, 500)]
    [InlineData("/api/top-failures", 10, 200)]
    [InlineData("/api/top-slowest", 10, 200)]
    [InlineData("/api/summary", 20, 200, "failure_limit", "failures")]
    [InlineData("/api/manifest", 200, 1000)]
    [InlineData("/api/artifacts", 200, 1000)]
    [InlineData("/api/queue", 50, 500, "limit", "items")]
    [InlineData("/api/hints", 50, 500)]
    [InlineData("/api/logs/search?q=needle", 50, 200)]
    public async Task A_list_has_its_default_is_cut_at_its_maximum_and_refuses_what_is_no_number(
        string path, int usual, int maximum, string limit = "limit", string? member = null)
    {
        var ask = $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{limit}=";

        Assert.Equal(usual, await CountAsync(path, member));
        Assert.Equal(7, await CountAsync($"{ask}7", member));
        Assert.Equal(maximum, await CountAsync($"{ask}{maximum}", member));
        Assert.Equal(maximum, await CountAsync($"{ask}{maximum + 1}", member));
        foreach (var wrong in new[] { "0", "-1", "1.5", "many", "" })
        {
            using var response = await full.Host.Http.GetAsync(ask + wrong);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("", 30)]
    [InlineData("?limit=7", 7)]
    [InlineData("?limit=100", 100)]
    [InlineData("?limit=101", 30)]
    [InlineData("?limit=0", 30)]
    [InlineData("?limit=-1", 30)]
    [InlineData("?limit=many", 30)]
    public async Task Builds_take_what_is_wrong_or_too_much_for_their_default(string query, int expected) =>
        Assert.Equal(expected, await CountAsync("/builds" + query, "builds"));

    [Theory]
    [InlineData("/api/recent")]
    [InlineData("/api/history")]
    [InlineData("/api/manifest")]
    [InlineData("/api/hints")]
    public async Task An_offset_passes_items_over(string path)
    {
        var all = (await full.Host.GetAsync($"{path}?limit=5")).EnumerateArray().Select(item => item.GetRawText());
        var rest = (await full.Host.GetAsync($"{path}?limit=3&offset=2")).EnumerateArray().Select(item => item.GetRawText());

        Assert.Equal(all.Skip(2), rest);
    }

    private async Task<int> CountAsync(string path, string? member)
    {
        var answer = await full.Host.GetAsync(path);
        return (member is null ? answer : answer.GetProperty(member)).GetArrayLength();
    }

    /// <summary>A host with more of everything than any list shows.</summary>
    public sealed class FullHost : IAsyncLifetime
    {
        internal RefineryHost Host { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
            await Host.PostAsync("/api/history", Many(501, index => new { name = "wide", version = $"1.{index}", status = "failed" }));
            await Host.PostAsync("/api/history", Many(201, index => new { name = $"p{index}", version = "1", status = "failed", duration_ms = index }));
            await Host.PostAsync("/api/manifest", Many(1001, index => new { name = $"p{index}", version = "1", status = "built", wheel = $"p{index}-1-py3-none-any.whl" }));
            await Host.PostAsync("/api/queue/enqueue", Many(501, index => new { package = $"p{index}", version = "1" }));
            await Parallel.ForAsync(0, 67, async (index, _) => await Host.PostAsync("/api/logs", new { name = $"p{index}", version = "1", content = "needle\nneedle\nneedle\n" }));
            await Parallel.ForAsync(0, 501, async (index, _) => await Host.PostAsync("/api/hints", new { pattern = $"lost {index}", recipes = new { } }));
        }

        public async Task DisposeAsync() => await Host.DisposeAsync();

        private static object[] Many(int count, Func<int, object> item) => [.. Enumerable.Range(0, count).Select(item)];
    }
}
