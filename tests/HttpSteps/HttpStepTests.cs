using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Refinery.Tests.HttpSteps;

/// <summary>A real service on loopback does the steps of a type.</summary>
public sealed class HttpStepTests
{
    private const string Secret = "whsec_c2VjcmV0IGtleQ==";

    [Fact]
    public async Task A_service_gets_the_step_signed_and_its_answer_completes_it()
    {
        await using var service = await WebhookStub.StartAsync(body: "{\"detail\":\"Deployed.\",\n\"host\":\"a\"}");
        await using var host = await StartAsync(service);

        var step = await EndedAsync(host, await SubmitAsync(host, new { type = "deploy", args = new { app = "é" }, metadata = new { owner = "ada" } }));

        var call = Assert.Single(service.Requests);
        var (id, timestamp) = (call.Headers["webhook-id"], call.Headers["webhook-timestamp"]);
        var body = JsonElement.Parse(call.Text);
        Assert.Equal(["step_id", "type", "attempt", "is_last_attempt", "args", "metadata"], body.EnumerateObject().Select(member => member.Name));
        Assert.Equal("é", body.GetProperty("args").GetProperty("app").GetString());
        Assert.Equal("ada", body.GetProperty("metadata").GetProperty("owner").GetString());
        Assert.Equal(body.GetProperty("step_id").GetString(), id);
        Assert.Equal("completed", step.GetProperty("status").GetString());
        Assert.Equal("Deployed.", step.GetProperty("detail").GetString());
        var signed = HMACSHA256.HashData("secret key"u8, Encoding.UTF8.GetBytes($"{id}.{timestamp}.{call.Text}"));
        Assert.Equal($"v1,{Convert.ToBase64String(signed)}", call.Headers["webhook-signature"]);
        var log = await host.Http.GetStringAsync($"/api/logs/stream/deploy/{id}");
        Assert.Contains("Deployed.", log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(503)]
    [InlineData(429)]
    [InlineData(408)]
    public async Task What_may_pass_is_tried_again_under_the_same_id(int status)
    {
        var calls = 0;
        await using var service = await WebhookStub.StartAsync(context =>
        {
            context.Response.StatusCode = Interlocked.Increment(ref calls) == 1 ? status : 204;
            return Task.CompletedTask;
        });
        await using var host = await StartAsync(service);

        var step = await EndedAsync(host, await SubmitAsync(host, new { type = "deploy", args = new { } }));

        Assert.Equal("completed", step.GetProperty("status").GetString());
        Assert.Equal("The service of deploy answered 204.", step.GetProperty("detail").GetString());
        Assert.Equal([1, 2], service.Requests.Select(call => call.Body!["attempt"]!.GetValue<int>()));
        Assert.Single(service.Requests.Select(call => call.Headers["webhook-id"]).Distinct());
    }

    [Theory]
    [InlineData(400)]
    [InlineData(302)]
    public async Task What_the_service_refuses_is_final(int status)
    {
        await using var service = await WebhookStub.StartAsync(status, """{"detail":"No such app."}""");
        await using var host = await StartAsync(service);

        var step = await EndedAsync(host, await SubmitAsync(host, new { type = "deploy", args = new { } }));

        Assert.Equal("failed", step.GetProperty("status").GetString());
        Assert.Equal("No such app.", step.GetProperty("detail").GetString());
        Assert.Single(service.Requests);
    }

    [Fact]
    public async Task Silence_is_a_failure_after_the_time_limit()
    {
        await using var service = await StartSilentAsync(new TaskCompletionSource());
        await using var host = await StartAsync(service, ("HTTP_STEP_TIMEOUT_SEC", "1"));

        var step = await EndedAsync(host, await SubmitAsync(host, new { type = "deploy", args = new { }, max_retries = 0 }));

        Assert.Equal("failed", step.GetProperty("status").GetString());
        Assert.Equal("The service of deploy did not answer within 1 seconds.", step.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_service_that_is_not_there_is_a_failure_that_is_told_in_the_log()
    {
        await using var host = await RefineryHost.StartAsync(("HTTP_STEPS", "deploy=http://127.0.0.1:1/run"));

        var id = await SubmitAsync(host, new { type = "deploy", args = new { }, max_retries = 0 });
        var step = await EndedAsync(host, id);

        Assert.Equal("The service of deploy could not be reached, or broke off its answer.", step.GetProperty("detail").GetString());
        Assert.Contains("127.0.0.1:1", await host.Http.GetStringAsync($"/api/logs/stream/deploy/{id}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_a_step_closes_its_call()
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = await StartSilentAsync(closed);
        await using var host = await StartAsync(service);
        var id = await SubmitAsync(host, new { type = "deploy", args = new { }, metadata = new { third_party_id = "ada", parser_id = "app" } });
        await service.FirstAsync();

        await host.PostAsync($"/builds/build-ada-app-{id[^8..]}/cancel");

        await closed.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True((await EndedAsync(host, id)).GetProperty("cancelled").GetBoolean());
    }

    [Fact]
    public async Task An_answer_is_kept_to_its_limit()
    {
        await using var service = await WebhookStub.StartAsync(body: string.Join('\n', Enumerable.Repeat(new string('x', 99), 10_000)));
        await using var host = await StartAsync(service);

        var id = await SubmitAsync(host, new { type = "deploy", args = new { } });
        await EndedAsync(host, id);

        var log = await host.Http.GetStringAsync($"/api/logs/stream/deploy/{id}");
        Assert.InRange(log.Count(letter => letter == 'x'), 60_000, 66_000);
    }

    [Theory]
    [InlineData("{\"detail\":\"\\ud800 done\"}", "\uFFFD done")]
    [InlineData("[\"done\"]", "The service of deploy answered 200.")]
    [InlineData("done", "The service of deploy answered 200.")]
    public async Task An_odd_answer_is_an_answer(string body, string detail)
    {
        await using var service = await WebhookStub.StartAsync(body: body);
        await using var host = await StartAsync(service);

        var step = await EndedAsync(host, await SubmitAsync(host, new { type = "deploy", args = new { }, max_retries = 0 }));

        Assert.Equal("completed", step.GetProperty("status").GetString());
        Assert.Equal(detail, step.GetProperty("detail").GetString());
    }

    /// <summary>Takes each call, never answers, and says when the caller has closed one.</summary>
    private static Task<WebhookStub> StartSilentAsync(TaskCompletionSource closed) => WebhookStub.StartAsync(async context =>
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var hearing = context.RequestAborted.Register(left.SetResult);
        await left.Task;
        closed.TrySetResult();
    });

    private static Task<RefineryHost> StartAsync(WebhookStub service, params (string Name, string Value)[] settings) =>
        RefineryHost.StartAsync([("HTTP_STEPS", $"deploy={service.Url}"), ("HTTP_STEP_SECRET", Secret), ("FLEET_Q_BACKOFF_SEC", "0"), .. settings]);

    private static async Task<string> SubmitAsync(RefineryHost host, object step) => (await host.PostAsync("/submit", step)).GetProperty("step_id").GetString()!;

    private static async Task<JsonElement> EndedAsync(RefineryHost host, string stepId)
    {
        JsonElement step = default;
        await Wait.UntilAsync(async () =>
        {
            step = await host.GetAsync($"/status/{stepId}");
            return step.GetProperty("status").GetString() is "completed" or "failed";
        });
        return step;
    }
}
