using System.Net;
using System.Text.RegularExpressions;
using Refinery.Tests.Builds;
using Refinery.Tests.Plugins;

namespace Refinery.Tests.Host;

/// <summary>Metrics are off by default and, when on, text that a scraper reads.</summary>
[Collection(nameof(Alone))]
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
        Assert.Matches("""api_request_duration_seconds_bucket\{endpoint="/api/queue/enqueue",method="POST",status="201",le="\+Inf"\} [1-9]""", text);
        Assert.Contains("# TYPE api_request_duration_seconds histogram\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wheels_built_and_wheels_found_in_the_store_are_counted()
    {
        await using var yard = await BuildYard.StartAsync(("FeatureManagement:Metrics", "true"));
        SourceArchive.WritePure(yard.Sources, "yardcached");

        await yard.BuildAsync(new { package = "yardcached", version = "1.0" });
        await yard.Host.PostAsync("/api/history", new[] { "reused", "cached", "built", "failed" }.Select(status => new { name = "yardcached", version = "1.0", status }).ToArray());

        var text = await yard.Host.Http.GetStringAsync("/api/metrics");
        Assert.Contains("\nrefinery_cache_hits_total 2\n", text, StringComparison.Ordinal);
        Assert.Contains("\nrefinery_cache_misses_total 1\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Builds_are_counted_and_timed_by_how_they_ended()
    {
        await using var host = await RefineryHost.StartAsync(("FeatureManagement:Metrics", "true"), ("LOCAL_WORKER", "0"), ("FLEET_Q_BACKOFF_SEC", "0"), ("MAX_QUEUE_SIZE", "50"));
        await host.PostAsync("/api/queue/enqueue", new[] { "good", "bad", "weak", "unwanted", "idle" }.Select(package => new { package }).ToArray());
        foreach (var (word, body) in new (string, object)[]
        {
            ("complete", new { pod_id = "pod-a", fence = 1, duration_ms = 1500 }),
            ("fail", new { pod_id = "pod-a", fence = 1, duration_ms = 2500, retryable = false }),
            ("fail", new { pod_id = "pod-a", fence = 1, duration_ms = 2500 }),
        })
        {
            await host.PostAsync($"/api/steps/{BuildCalls.StepOf(await BuildCalls.ClaimAsync(host, "pod-a"))}/{word}", body);
        }

        var waiting = (await host.GetAsync("/api/queue")).GetProperty("items").EnumerateArray().First(item => item.GetProperty("package").GetString() == "unwanted");
        await host.PostAsync($"/builds/{waiting.GetProperty("build_id").GetString()}/cancel");

        await UntilAsync(
            host, "refinery_builds_total{outcome=\"succeeded\"} 1", "refinery_builds_total{outcome=\"failed\"} 1", "refinery_builds_total{outcome=\"cancelled\"} 1",
            "refinery_build_duration_seconds_sum{outcome=\"succeeded\"} 1.5", "refinery_build_duration_seconds_count{outcome=\"failed\"} 1",
            "refinery_retries_total 1", "refinery_queue_depth 2", "refinery_queue_waiting 2", "refinery_queue_limit 50");
    }

    [Fact]
    public async Task What_strangers_invent_makes_no_series()
    {
        await using var host = await RefineryHost.StartAsync(("FeatureManagement:Metrics", "true"), ("LOCAL_WORKER", "0"));
        await InventAsync(host, 0);
        await UntilAsync(host, "refinery_builds_total{outcome=\"failed\"} 1");
        var before = Series(await host.Http.GetStringAsync("/metrics"));

        for (var number = 1; number <= 100; number++)
        {
            await InventAsync(host, number);
        }

        var text = await host.Http.GetStringAsync("/metrics");
        Assert.DoesNotContain("invented", text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(before, Series(text));
        Assert.Contains("api_requests_total{endpoint=\"unmatched\",method=\"OTHER\",status=\"404\"} 101\n", text, StringComparison.Ordinal);
        Assert.Contains("api_requests_total{endpoint=\"/builds/{id}\",method=\"GET\",status=\"404\"} 101\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_queue_backend_that_is_away_is_seen_and_so_is_its_return()
    {
        using var redis = new RedisServer();
        await using var host = await RefineryHost.StartAsync(
            ("FeatureManagement:Metrics", "true"), ("LOCAL_WORKER", "0"), ("QUEUE_BACKEND", "redis"), ("REDIS_URL", redis.Url));
        await host.PostAsync("/submit", new { type = "note", args = new { } });
        await UntilAsync(host, "refinery_queue_backend_up{backend=\"redis\"} 1", "refinery_queue_backend_length{backend=\"redis\"} 1");

        redis.Kill();
        await host.PostAsync("/submit", new { type = "note", args = new { } });
        await UntilAsync(host, "refinery_queue_backend_up{backend=\"redis\"} 0");
        redis.Start();

        await UntilAsync(host, "refinery_queue_backend_up{backend=\"redis\"} 1");
    }

    [Fact]
    public async Task Streams_refusals_and_faults_are_counted_with_their_status()
    {
        await using var host = await RefineryHost.StartAsync(("FeatureManagement:Metrics", "true"), ("WORKER_TOKEN", "t"));
        using (await host.Http.GetAsync("/api/events/stream", HttpCompletionOption.ResponseHeadersRead))
        using (await host.Http.PostAsync("/submit", content: null))
        using (await host.Http.PutAsync("/submit", content: null))
        {
        }

        await UntilAsync(
            host, "api_requests_total{endpoint=\"/api/events/stream\",method=\"GET\",status=\"200\"} 1",
            "api_requests_total{endpoint=\"/submit\",method=\"POST\",status=\"401\"} 1", "api_requests_total{endpoint=\"unmatched\",method=\"PUT\",status=\"405\"} 1");
    }

    /// <summary>A package, a type, a tenant, a path and a method that nobody has heard of.</summary>
    private static async Task InventAsync(RefineryHost host, int number)
    {
        await host.PostAsync("/api/queue/enqueue", new { package = $"invented{number}" });
        await host.PostAsync("/submit", new { type = $"invented.{number}", args = new { }, metadata = new { third_party_id = $"invented-{number}" } });
        var claim = await host.PostAsync("/api/steps/claim", new { pod_id = $"invented-pod-{number}", kinds = new[] { $"invented.{number}" } });
        await host.PostAsync($"/api/steps/{BuildCalls.StepOf(claim[0])}/fail", new { pod_id = $"invented-pod-{number}", fence = 1, failure_reason = $"invented_{number}", retryable = false });
        using var build = await host.Http.GetAsync($"/builds/invented-{number}");
        using var odd = await host.Http.SendAsync(new HttpRequestMessage(new HttpMethod($"INVENTED{number}"), $"/invented/{number}"));
    }

    /// <summary>How many series of ours there are; the runtime's own come as it pleases.</summary>
    private static int Series(string text) =>
        text.Split('\n').Count(line => line.StartsWith("api_", StringComparison.Ordinal) || line.StartsWith("refinery_", StringComparison.Ordinal));

    /// <summary>Events are counted as the journal is read, a moment behind it.</summary>
    private static Task UntilAsync(RefineryHost host, params string[] lines) => Wait.UntilAsync(async () =>
    {
        var text = await host.Http.GetStringAsync("/metrics");
        return lines.All(line => text.Contains($"\n{line}\n", StringComparison.Ordinal));
    });

    [GeneratedRegex("""^(# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* .+|[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*")*\})? (-?[0-9.]+(E[+-]?[0-9]+)?|\+Inf|-Inf|NaN))$""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Line();
}
