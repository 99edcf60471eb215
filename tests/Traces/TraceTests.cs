using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Refinery.Tests.Builds;
using Refinery.Tests.Plugins;
using Refinery.Tests.Worker;

namespace Refinery.Tests.Traces;

/// <summary>One trace leads from a request through its step to the process that does the work, wherever that runs.</summary>
public sealed class TraceTests
{
    private const string Tell = "import os\nprint('told:', os.environ.get('TRACEPARENT'), os.environ.get('TRACESTATE'), flush=True)";

    [Fact]
    public async Task A_request_its_step_and_the_build_are_one_trace()
    {
        var caller = Caller.New();
        await using var collector = await Collector.StartAsync();
        using var folder = new TemporaryFolder();
        SourceArchive.WriteRunning(folder.File("sdists"), "yardtrace", Tell);
        await using var host = HostRun.Start(folder, [], [.. BuildYard.Settings(folder.File("sdists")), ("AUTO_BUILD", "1"), .. collector.Settings]);
        using var http = new HttpClient { BaseAddress = await host.ReadyAsync() };

        await EnqueueAsync(http, caller, "yardtrace");
        var trace = await collector.TraceAsync(caller, "POST /api/queue/enqueue", "step wheel_build");

        var request = Assert.Single(trace, span => span.Name == "POST /api/queue/enqueue");
        var step = Assert.Single(trace, span => span.Name == "step wheel_build");
        Assert.Equal((caller.SpanId, "Microsoft.AspNetCore"), (request.ParentId, request.Scope));
        Assert.Equal(("POST", "/api/queue/enqueue", "201"), (request.Tags["http.request.method"], request.Tags["http.route"], request.Tags["http.response.status_code"]));
        Assert.Equal((request.SpanId, "Refinery"), (step.ParentId, step.Scope));
        Assert.Equal(("wheel_build", "1", "succeeded", "completed"), (step.Tags["step.type"], step.Tags["step.attempt"], step.Tags["step.outcome"], step.Tags["step.status"]));
        Assert.StartsWith("step_", step.Tags["step.id"], StringComparison.Ordinal);
        Assert.Equal(("refinery", "1.0.0"), (step.Tags["service.name"], step.Tags["service.version"]));
        Assert.Contains($"told: 00-{caller.TraceId}-{step.SpanId}-01 {Caller.State}", await LogAsync(http, "yardtrace"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_on_another_machine_goes_on_with_the_trace_in_all_it_tells_the_server()
    {
        var caller = Caller.New();
        await using var collector = await Collector.StartAsync();
        await using var yard = await WorkerYard.StartAsync(leaseSeconds: 15, collector.Settings);
        SourceArchive.WriteRunning(yard.Folder.File("sdists"), "yardfar", Tell);
        yard.StartWorker(
            ["--server", yard.Http.BaseAddress!.ToString(), "--token", WorkerYard.Token, "--kinds", "wheel_build"],
            [.. BuildYard.Settings(yard.Folder.File("sdists")), ("OTEL_SERVICE_NAME", "far"), .. collector.Settings]);

        await EnqueueAsync(yard.Http, caller, "yardfar");
        var trace = await collector.TraceAsync(
            caller, "POST /api/queue/enqueue", "step wheel_build", "deliver complete", "POST /api/logs/stream/{name}/{version}",
            "PUT /api/artifacts/sha256/{digest}", "POST /api/steps/{stepId}/complete");

        var request = Assert.Single(trace, span => span.Name == "POST /api/queue/enqueue");
        var step = Assert.Single(trace, span => span.Name == "step wheel_build");
        var delivery = Assert.Single(trace, span => span.Name == "deliver complete");
        Assert.Equal((request.SpanId, step.SpanId), (step.ParentId, delivery.ParentId));
        Assert.Equal(["refinery", "far", "far"], new[] { request, step, delivery }.Select(span => span.Tags["service.name"]));
        Assert.StartsWith("worker-", step.Tags["pod.id"], StringComparison.Ordinal);
        Assert.Contains($"told: 00-{caller.TraceId}-{step.SpanId}-01 {Caller.State}", await LogAsync(yard.Http, "yardfar"), StringComparison.Ordinal);
        Assert.DoesNotContain(collector.Spans, span => span is { ParentId: "" } && span.Tags["service.name"] == "far");
    }

    [Fact]
    public async Task Every_attempt_is_a_span_of_the_same_trace_and_a_failed_one_an_error()
    {
        var caller = Caller.New();
        await using var collector = await Collector.StartAsync();
        await using var yard = await WorkerYard.StartAsync(leaseSeconds: 15, collector.Settings);
        yard.StartWorker("worker", collector.Settings);

        using var submitted = await yard.Http.SendAsync(caller.Post("/submit", yard.Plugin.Step(failures: 1)));
        var trace = await collector.TraceAsync(caller, "POST /submit", "deliver fail", "deliver complete");

        var attempts = trace.Where(span => span.Name == "step effect").OrderBy(span => span.Tags["step.attempt"], StringComparer.Ordinal).ToList();
        Assert.Equal(["1 failed 2 asked_to_fail", "2 succeeded 0 "], attempts.Select(span => $"{span.Tags["step.attempt"]} {span.Tags["step.outcome"]} {span.Status} {span.StatusText}"));
        Assert.All(attempts, span => Assert.Equal(trace.Single(other => other.Name == "POST /submit").SpanId, span.ParentId));
    }

    [Fact]
    public async Task A_request_that_is_not_sampled_says_so_to_what_comes_of_it()
    {
        await using var collector = await Collector.StartAsync();
        await using var yard = await WorkerYard.StartAsync(leaseSeconds: 15, [.. collector.Settings, ("OTEL_TRACES_SAMPLER", "always_off")]);

        await yard.SubmitAsync(new { type = "later", args = new { } });
        using var claimed = await yard.Http.PostAsJsonAsync("/api/steps/claim", new { pod_id = "pod-a", kinds = new[] { "later" } });

        var step = (await claimed.Content.ReadFromJsonAsync<JsonElement>())[0];
        Assert.EndsWith("-00", step.GetProperty("traceparent").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_collector_and_without_a_header_nothing_is_kept_told_or_sent()
    {
        using var folder = new TemporaryFolder();
        SourceArchive.WriteRunning(folder.File("sdists"), "yardquiet", Tell);
        await using var host = HostRun.Start(folder, [], [.. BuildYard.Settings(folder.File("sdists")), ("AUTO_BUILD", "1")]);
        using var http = new HttpClient { BaseAddress = await host.ReadyAsync() };

        using var enqueued = await http.PostAsJsonAsync("/api/queue/enqueue", new { package = "yardquiet", version = "1.0" });

        Assert.Contains("told: None None", await LogAsync(http, "yardquiet"), StringComparison.Ordinal);
        Assert.DoesNotContain("traceparent", await File.ReadAllTextAsync(folder.File("data/journal.ndjson")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_collector_a_callers_trace_is_handed_through_as_it_came()
    {
        var caller = Caller.New();
        using var folder = new TemporaryFolder();
        SourceArchive.WriteRunning(folder.File("sdists"), "yardthrough", Tell);
        await using var host = HostRun.Start(folder, [], [.. BuildYard.Settings(folder.File("sdists")), ("AUTO_BUILD", "1")]);
        using var http = new HttpClient { BaseAddress = await host.ReadyAsync() };

        await EnqueueAsync(http, caller, "yardthrough");

        Assert.Contains($"told: {caller.Traceparent} {Caller.State}", await LogAsync(http, "yardthrough"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_made_anew_from_the_journal_still_knows_the_trace()
    {
        var caller = Caller.New();
        using var folder = new TemporaryFolder();
        var host = await StartAsync(folder);
        using (await host.Http.SendAsync(caller.Post("/submit", new { type = "later", args = new { } })))
        {
            await host.StopAsync();
        }

        foreach (var file in Directory.GetFiles(folder.Path, "refinery.db*"))
        {
            File.Delete(file);
        }

        host = await StartAsync(folder);
        var claimed = await host.PostAsync("/api/steps/claim", new { pod_id = "pod-a", kinds = new[] { "later" } });
        await host.StopAsync();

        Assert.Equal((caller.Traceparent, Caller.State), (claimed[0].GetProperty("traceparent").GetString(), claimed[0].GetProperty("tracestate").GetString()));
    }

    [Theory]
    [InlineData("garbage", null)]
    [InlineData("00-00000000000000000000000000000000-00f067aa0ba902b7-01", null)]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")]
    public async Task Only_what_names_a_trace_is_kept(string header, string? kept)
    {
        await using var host = await StartAsync(new TemporaryFolder());
        host.Http.DefaultRequestHeaders.Add("traceparent", header);
        host.Http.DefaultRequestHeaders.Add("tracestate", $"a={new string('x', 600)}");

        await host.PostAsync("/submit", new { type = "later", args = new { } });
        var claimed = await host.PostAsync("/api/steps/claim", new { pod_id = "pod-a", kinds = new[] { "later" } });

        Assert.Equal(kept, claimed[0].TryGetProperty("traceparent", out var traceparent) ? traceparent.GetString() : null);
        Assert.False(claimed[0].TryGetProperty("tracestate", out _));
    }

    /// <summary>A host that logs, as each does outside of tests: the framework reads a caller's trace for its log lines.</summary>
    private static Task<RefineryHost> StartAsync(TemporaryFolder folder) =>
        RefineryHost.StartAsync(folder, services => services.AddSingleton<ILoggerFactory>(new RecordedLog()), ("LOCAL_WORKER", "0"));

    private static async Task EnqueueAsync(HttpClient http, Caller caller, string package)
    {
        using var response = await http.SendAsync(caller.Post("/api/queue/enqueue", new { package, version = "1.0" }));
        Assert.True(response.IsSuccessStatusCode, $"The queue answered {(int)response.StatusCode}.");
    }

    /// <summary>The log of the first attempt, once its wheel is stored.</summary>
    private static async Task<string> LogAsync(HttpClient http, string package)
    {
        var text = string.Empty;
        await Wait.UntilAsync(async () =>
        {
            using var answer = await http.GetAsync($"/api/logs/{package}/1.0?attempt=1");
            text = answer.IsSuccessStatusCode ? (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("content").GetString()! : string.Empty;
            return text.Contains("Refinery stored", StringComparison.Ordinal);
        });
        return text;
    }
}
