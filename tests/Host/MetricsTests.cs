using System.Net;
using System.Text.RegularExpressions;
using Refinery.Tests.Builds;

namespace Refinery.Tests.Host;

/// <summary>Metrics are off by default and, when on, text that a scraper reads.</summary>
public sealed partial class MetricsTests
{
    [Theory]
    [InlineData("/metrics")]
    [InlineData("/api/metrics")]
    public async Task Without_the_flag_they_are_not_supported(string path)
    {
        await using var host = await RefineryHost.StartAsync();

        using var response = await host.Http.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotImplemented, response.StatusCode);
        Assert.Contains("not_supported", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_the_flag_every_line_is_prometheus_text()
    {
        await using var host = await RefineryHost.StartAsync(("FeatureManagement:Metrics", "true"), ("LOCAL_WORKER", "0"));
        await host.PostAsync("/api/queue/enqueue", new { package = "six", version = "1.16.0" });
        await host.Http.GetAsync("/api/event/\"quoted\"/1");

        using var response = await host.Http.GetAsync("/api/metrics");

        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.All(text.TrimEnd('\n').Split('\n'), line => Assert.Matches(Line(), line));
        Assert.Contains("\nrefinery_queue_depth 1\n", text, StringComparison.Ordinal);
        Assert.Contains("api_requests_total{endpoint=\"/api/queue/enqueue\",method=\"POST\",status=\"201\"} ", text, StringComparison.Ordinal);
        Assert.Matches("""api_request_duration_seconds_bucket\{endpoint="/api/queue/enqueue",method="POST",le="\+Inf"\} [1-9]""", text);
        Assert.Contains("# TYPE api_request_duration_seconds histogram\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wheels_built_and_wheels_found_in_the_store_are_counted()
    {
        await using var yard = await BuildYard.StartAsync(("FeatureManagement:Metrics", "true"));
        SourceArchive.WritePure(yard.Sources, "yardcached");

        await yard.BuildAsync(new { package = "yardcached", version = "1.0" });
        await yard.Host.PostAsync("/api/history", new[] { "reused", "cached", "built", "failed" }.Select(status => new { name = "yardcached", version = "1.0", status }).ToArray());

        // They are counted as the journal is read, a moment behind it.
        await Wait.UntilAsync(async () =>
        {
            var text = await yard.Host.Http.GetStringAsync("/api/metrics");
            return text.Contains("\nrefinery_cache_hits_total 2\n", StringComparison.Ordinal) && text.Contains("\nrefinery_cache_misses_total 1\n", StringComparison.Ordinal);
        });
    }

    [GeneratedRegex("""^(# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* .+|[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*")*\})? (-?[0-9.]+(E[+-]?[0-9]+)?|\+Inf|-Inf|NaN))$""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Line();
}
