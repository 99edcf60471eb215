using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;

namespace Refinery.Tests.Traces;

/// <summary>What leaves for a collector, and what happens when there is none where one is named.</summary>
public sealed class TraceExportTests
{
    private const string Secret = "hunter2hunter2";

    [Fact]
    public async Task No_secret_is_in_any_span()
    {
        var caller = Caller.New();
        await using var collector = await Collector.StartAsync();
        await using var service = await WebhookStub.StartAsync();
        var url = service.Url.Replace("http://", $"http://ada:{Secret}@", StringComparison.Ordinal);
        using var folder = new TemporaryFolder();
        await using var host = HostRun.Start(
            folder, [],
            [("HTTP_STEPS", $"deploy={service.Url}?key={Secret}"), ("INDEX_URL", $"{url}/simple?key={Secret}"), ("AUTO_BUILD", "1"), ("WORKER_TOKEN", Secret), .. collector.Settings]);
        using var http = new HttpClient { BaseAddress = await host.ReadyAsync() };

        using var enqueued = await http.SendAsync(caller.Post($"/api/queue/enqueue?token={Secret}", new { package = "yardsecret", version = "1.0" }));
        using var submitted = await http.SendAsync(caller.Post($"/submit?token={Secret}", new { type = "deploy", args = new { } }));
        var trace = await collector.TraceAsync(caller, "POST /api/queue/enqueue", "step wheel_build", "POST /submit", "step deploy", "GET", "POST");

        Assert.Contains(trace, span => span.Name == "GET" && span.Tags["url.full"].StartsWith(new Uri(service.Url).GetLeftPart(UriPartial.Authority), StringComparison.Ordinal));
        Assert.DoesNotContain(collector.Bodies, body => body.Contains(Secret, StringComparison.Ordinal));
        var call = service.Requests.First(request => request.Method == "POST");
        var span = trace.Single(span => span.Name == "POST");
        Assert.Equal($"00-{caller.TraceId}-{span.SpanId}-01", call.Headers["traceparent"]);
        Assert.Equal(trace.Single(step => step.Name == "step deploy").SpanId, span.ParentId);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_collector_that_is_away_is_not_noticed(bool isSilent)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = $"http://{listener.LocalEndpoint}";
        if (!isSilent)
        {
            listener.Stop();
        }

        using var folder = new TemporaryFolder();
        await using var host = HostRun.Start(
            folder, [], ("OTEL_EXPORTER_OTLP_ENDPOINT", address), ("OTEL_BSP_SCHEDULE_DELAY", "50"), ("OTEL_BSP_MAX_QUEUE_SIZE", "64"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "32"));
        using var http = new HttpClient { BaseAddress = await host.ReadyAsync() };
        for (var call = 0; call < 300; call++)
        {
            using var answer = await http.PostAsJsonAsync("/submit", new { type = "later", args = new { } });
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        }

        host.Terminate();

        Assert.Equal(0, await host.ExitAsync());
        Assert.Equal(string.Empty, host.Errors);
        Assert.DoesNotContain("fail:", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("warn:", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rebuild_is_a_trace_of_its_own()
    {
        await using var collector = await Collector.StartAsync();
        using var folder = new TemporaryFolder();
        Builds.SourceArchive.WritePure(folder.File("sdists"), "yardroot");
        await File.WriteAllTextAsync(folder.File("requirements.txt"), "yardroot==1.0\n");
        await using var run = HostRun.Start(folder, ["rebuild", folder.File("requirements.txt")], [.. Builds.BuildYard.Settings(folder.File("sdists")), .. collector.Settings]);

        Assert.Equal(0, await run.ExitAsync());

        var root = Assert.Single(collector.Spans, span => span.Name == "rebuild");
        var step = Assert.Single(collector.Spans, span => span.Name == "step wheel_build");
        Assert.Equal((string.Empty, root.TraceId, root.SpanId), (root.ParentId, step.TraceId, step.ParentId));
    }

    [Fact]
    public async Task An_address_that_is_none_is_named_at_the_start()
    {
        using var folder = new TemporaryFolder();
        await using var host = HostRun.Start(folder, [], ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "carrier pigeon"));

        Assert.NotEqual(0, await host.ExitAsync());

        Assert.Contains("OTEL_EXPORTER_OTLP_ENDPOINT is 'collector:4318'; a collector's address is expected, for example http://127.0.0.1:4318.", host.Errors, StringComparison.Ordinal);
        Assert.Contains("OTEL_EXPORTER_OTLP_PROTOCOL must be 'http/protobuf' or 'grpc'.", host.Errors, StringComparison.Ordinal);
    }
}
