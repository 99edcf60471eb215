using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Refinery.Tests.Spec;

namespace Refinery.Tests.Host;

/// <summary>A trigger makes somebody drain, and says truthfully who.</summary>
public sealed class WorkerTriggerTests
{
    [Theory]
    [InlineData("/api/worker/trigger")]
    [InlineData("/worker/trigger")]
    public async Task A_webhook_receives_our_order_and_our_token_and_nothing_of_the_callers(string path)
    {
        await using var worker = await WebhookStub.StartAsync();
        await using var host = await RefineryHost.StartAsync(("WORKER_WEBHOOK_URL", worker.Url), ("WORKER_TOKEN", "our-token"));
        using var request = new HttpRequestMessage(HttpMethod.Post, path + "?token=our-token&secret=1") { Content = JsonContent.Create(new { action = "drain", mine = "private" }) };
        request.Headers.Add("Cookie", "worker_token=our-token; session=private");
        request.Headers.Add("Authorization", "Bearer our-token");
        request.Headers.Add("X-Private", "private");
        request.Headers.Add("X-Correlation-ID", "trigger-1");

        using var response = await host.Http.SendAsync(request);

        var received = await worker.FirstAsync();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("""{"action":"drain"}""", received.Body!.ToJsonString());
        Assert.Contains(SpecPage.Fragments("control-plane-intent.md"), fragment => JsonElement.DeepEquals(fragment, JsonElement.Parse(received.Body.ToJsonString())));
        Assert.Equal(("POST", "/trigger"), (received.Method, received.Path));
        Assert.Equal("our-token", received.Headers["X-Worker-Token"]);
        Assert.Equal("trigger-1", received.Headers["X-Correlation-ID"]);
        Assert.Equal(["Content-Length", "Content-Type", "Host", "X-Correlation-ID", "X-Worker-Token"], received.Headers.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_webhooks_answer_comes_back_with_the_queues_length()
    {
        await using var worker = await WebhookStub.StartAsync(body: """{"detail":"draining 1 item","worker":"w1","queue_length":-5}""");
        await using var host = await RefineryHost.StartAsync(("WORKER_WEBHOOK_URL", worker.Url), ("LOCAL_WORKER", "0"));
        await host.PostAsync("/api/queue/enqueue", new { package = "six", version = "1.16.0" });

        var answer = await host.PostAsync("/api/worker/trigger");

        Assert.Equal("""{"detail":"draining 1 item","worker":"w1","queue_length":1}""", answer.GetRawText());
    }

    [Theory]
    [InlineData("")]
    [InlineData("done")]
    [InlineData("[1,2]")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"a":1,"a":2}""")]
    public async Task A_webhook_that_answers_no_object_gets_our_words(string body)
    {
        await using var worker = await WebhookStub.StartAsync(body: body);
        await using var host = await RefineryHost.StartAsync(("WORKER_WEBHOOK_URL", worker.Url));

        var answer = await host.PostAsync("/api/worker/trigger");

        Assert.Equal($"The worker at {new Uri(worker.Url).Authority} was told to drain the queue.", answer.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Of_several_webhooks_all_are_told_and_one_that_is_away_is_named()
    {
        await using var first = await WebhookStub.StartAsync();
        await using var second = await WebhookStub.StartAsync(status: 500);
        await using var host = await RefineryHost.StartAsync(("WORKER_WEBHOOK_URL", $"{first.Url} {second.Url}"));

        var answer = await host.PostAsync("/api/worker/trigger");

        Assert.Equal([true, false], answer.GetProperty("workers").EnumerateArray().Select(worker => worker.GetProperty("drained").GetBoolean()));
        Assert.Contains("answered 500", answer.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Single(second.Requests);
    }

    [Fact]
    public async Task A_webhook_that_is_away_is_502()
    {
        await using var host = await RefineryHost.StartAsync(("WORKER_WEBHOOK_URL", "http://user:hunter2@127.0.0.1:1/trigger?key=hunter2"));

        var (status, body) = await TriggerAsync(host);

        Assert.Equal(HttpStatusCode.BadGateway, status);
        Assert.Equal("The worker webhook at 127.0.0.1:1 cannot be reached.", body.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_webhook_that_refuses_is_502_and_its_status_is_told()
    {
        await using var worker = await WebhookStub.StartAsync(status: 401);
        await using var host = await RefineryHost.StartAsync(("WORKER_WEBHOOK_URL", worker.Url));

        var (status, body) = await TriggerAsync(host);

        Assert.Equal(HttpStatusCode.BadGateway, status);
        Assert.Contains("answered 401", body.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_webhook_that_is_too_slow_is_504()
    {
        await using var worker = await WebhookStub.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await using var host = await RefineryHost.StartAsync(("WORKER_WEBHOOK_URL", worker.Url), ("WORKER_WEBHOOK_TIMEOUT_SEC", "1"));

        var (status, body) = await TriggerAsync(host);

        Assert.Equal(HttpStatusCode.GatewayTimeout, status);
        Assert.Equal("unavailable", body.GetProperty("error_type").GetString());
    }

    [Fact]
    public async Task A_caller_that_goes_away_does_not_stop_the_drain()
    {
        var goOn = new TaskCompletionSource();
        var ended = new TaskCompletionSource<bool>();
        await using var worker = await WebhookStub.StartAsync(async context =>
        {
            await goOn.Task;
            ended.SetResult(context.RequestAborted.IsCancellationRequested);
        });
        await using var host = await RefineryHost.StartAsync(("WORKER_WEBHOOK_URL", worker.Url));
        using var patience = new CancellationTokenSource();
        var call = host.Http.PostAsJsonAsync("/api/worker/trigger", new { }, patience.Token);
        await worker.FirstAsync();

        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await host.GetAsync("/api/health");
        goOn.SetResult();

        Assert.False(await ended.Task.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Without_a_webhook_the_local_worker_goes_on_in_the_background()
    {
        await using var host = await RefineryHost.StartAsync();

        var (status, body) = await TriggerAsync(host);

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal(0, body.GetProperty("queue_length").GetInt32());
    }

    [Fact]
    public async Task With_nobody_to_drain_it_is_503_and_names_what_to_set()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));

        var (status, body) = await TriggerAsync(host);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("WORKER_WEBHOOK_URL", body.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_local_command_runs_without_a_shell_and_with_drain_as_its_last_word()
    {
        using var folder = new TemporaryFolder();
        var seen = folder.File("seen");
        await using var host = await RefineryHost.StartAsync(("WORKER_LOCAL_CMD", $"""/bin/sh -c 'echo "$@" > {seen}.part; mv {seen}.part {seen}' worker "two words; $(id)" """));

        var (status, _) = await TriggerAsync(host);
        await Wait.UntilAsync(() => Task.FromResult(File.Exists(seen)));

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal("two words; $(id) drain\n", await File.ReadAllTextAsync(seen));
    }

    [Fact]
    public async Task The_local_command_runs_one_at_a_time_and_a_trigger_meanwhile_runs_it_once_more()
    {
        using var folder = new TemporaryFolder();
        var (runs, gate) = (folder.File("runs"), folder.File("gate"));
        var script = $"echo start >> {runs}; while [ ! -e {gate} ]; do sleep 0.05; done; echo end >> {runs}";
        await using var host = await RefineryHost.StartAsync(("WORKER_LOCAL_CMD", $"/bin/sh -c '{script}'"));
        for (var trigger = 0; trigger < 3; trigger++)
        {
            await TriggerAsync(host);
        }

        await File.WriteAllTextAsync(gate, string.Empty);
        await Wait.UntilAsync(async () => (await File.ReadAllLinesAsync(runs)).Length == 4);

        Assert.Equal(["start", "end", "start", "end"], await File.ReadAllLinesAsync(runs));
    }

    [Fact]
    public async Task A_local_command_that_is_not_there_is_503_and_named()
    {
        await using var host = await RefineryHost.StartAsync(("WORKER_LOCAL_CMD", "/no/such/worker --fast"));

        var (status, body) = await TriggerAsync(host);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("'/no/such/worker'", body.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Smoke_asks_the_webhook_without_draining()
    {
        await using var worker = await WebhookStub.StartAsync();
        await using var host = await RefineryHost.StartAsync(("WORKER_WEBHOOK_URL", worker.Url));

        var detail = await SmokeAsync(host);

        Assert.DoesNotContain("webhook", detail, StringComparison.Ordinal);
        Assert.DoesNotContain(worker.Requests, request => request.Method == "POST");
        Assert.Contains(worker.Requests, request => request.Method == "GET");
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(405, true)]
    [InlineData(501, true)]
    [InlineData(404, false)]
    [InlineData(401, false)]
    [InlineData(500, false)]
    public async Task Smoke_takes_a_webhook_that_knows_POST_alone_for_one_that_answers(int status, bool isWell)
    {
        await using var worker = await WebhookStub.StartAsync(status);
        await using var host = await RefineryHost.StartAsync(("WORKER_WEBHOOK_URL", worker.Url));

        Assert.Equal(!isWell, (await SmokeAsync(host)).Contains("The worker webhook at", StringComparison.Ordinal));
    }

    private static async Task<string> SmokeAsync(RefineryHost host)
    {
        using var response = await host.Http.PostAsync("/api/worker/smoke", content: null);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("detail").GetString() ?? string.Empty;
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> TriggerAsync(RefineryHost host)
    {
        using var response = await host.Http.PostAsync("/api/worker/trigger", content: null);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }
}
