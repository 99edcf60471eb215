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
        await using var service = await ServiceStub.StartAsync(_ => (200, "{\"detail\":\"Deployed.\",\n\"host\":\"a\"}"));
        await using var host = await StartAsync(service);

        var step = await EndedAsync(host, await SubmitAsync(host, new { type = "deploy", args = new { app = "é" }, metadata = new { owner = "ada" } }));

        var call = Assert.Single(service.Calls);
        var body = JsonElement.Parse(call.Body);
        Assert.Equal(["step_id", "type", "attempt", "is_last_attempt", "args", "metadata"], body.EnumerateObject().Select(member => member.Name));
        Assert.Equal("é", body.GetProperty("args").GetProperty("app").GetString());
        Assert.Equal("ada", body.GetProperty("metadata").GetProperty("owner").GetString());
        Assert.Equal(body.GetProperty("step_id").GetString(), call.Id);
        Assert.Equal("completed", step.GetProperty("status").GetString());
        Assert.Equal("Deployed.", step.GetProperty("detail").GetString());
        var signed = HMACSHA256.HashData("secret key"u8, Encoding.UTF8.GetBytes($"{call.Id}.{call.Timestamp}.{call.Body}"));
        Assert.Equal($"v1,{Convert.ToBase64String(signed)}", call.Signature);
        var log = await host.Http.GetStringAsync($"/api/logs/stream/deploy/{call.Id}");
        Assert.Contains("Deployed.", log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(503)]
    [InlineData(429)]
    [InlineData(408)]
    public async Task What_may_pass_is_tried_again_under_the_same_id(int status)
    {
        await using var service = await ServiceStub.StartAsync(number => number == 1 ? (status, "busy") : (204, string.Empty));
        await using var host = await StartAsync(service);

        var step = await EndedAsync(host, await SubmitAsync(host, new { type = "deploy", args = new { } }));

        Assert.Equal("completed", step.GetProperty("status").GetString());
        Assert.Equal("The service of deploy answered 204.", step.GetProperty("detail").GetString());
        Assert.Equal([1, 2], service.Calls.Select(call => JsonElement.Parse(call.Body).GetProperty("attempt").GetInt32()));
        Assert.Single(service.Calls.Select(call => call.Id).Distinct());
    }

    [Theory]
    [InlineData(400)]
    [InlineData(302)]
    public async Task What_the_service_refuses_is_final(int status)
    {
        await using var service = await ServiceStub.StartAsync(_ => (status, """{"detail":"No such app."}"""));
        await using var host = await StartAsync(service);

        var step = await EndedAsync(host, await SubmitAsync(host, new { type = "deploy", args = new { } }));

        Assert.Equal("failed", step.GetProperty("status").GetString());
        Assert.Equal("No such app.", step.GetProperty("detail").GetString());
        Assert.Single(service.Calls);
    }

    [Fact]
    public async Task Silence_is_a_failure_after_the_time_limit()
    {
        await using var service = await ServiceStub.StartSilentAsync();
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
        await using var service = await ServiceStub.StartSilentAsync();
        await using var host = await StartAsync(service);
        var id = await SubmitAsync(host, new { type = "deploy", args = new { }, metadata = new { third_party_id = "ada", parser_id = "app" } });
        await Wait.UntilAsync(() => Task.FromResult(service.Calls.Count == 1));

        await host.PostAsync($"/builds/build-ada-app-{id[^8..]}/cancel");

        await service.ClosedAsync();
        Assert.True((await EndedAsync(host, id)).GetProperty("cancelled").GetBoolean());
    }

    [Fact]
    public async Task An_answer_is_kept_to_its_limit()
    {
        await using var service = await ServiceStub.StartAsync(_ => (200, string.Join('\n', Enumerable.Repeat(new string('x', 99), 10_000))));
        await using var host = await StartAsync(service);

        var id = await SubmitAsync(host, new { type = "deploy", args = new { } });
        await EndedAsync(host, id);

        var log = await host.Http.GetStringAsync($"/api/logs/stream/deploy/{id}");
        Assert.InRange(log.Count(letter => letter == 'x'), 60_000, 66_000);
    }

    private static Task<RefineryHost> StartAsync(ServiceStub service, params (string Name, string Value)[] settings) =>
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
