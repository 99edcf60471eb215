using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Refinery.Tests.Chaos;

/// <summary>The process is asked to stop while steps are claimed and run: it gives them back, and it always ends with 0.</summary>
public sealed class StopTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly EffectPlugin plugin;

    public StopTests() => plugin = new EffectPlugin(folder);

    [Fact]
    public async Task What_runs_is_given_back_when_its_grace_is_over()
    {
        await using var host = Start();
        using var http = new HttpClient { BaseAddress = await host.ReadyAsync() };
        var stepId = await SubmitAsync(http, plugin.Step(gate: folder.File("never")));
        await Wait.UntilAsync(async () => await StatusAsync(http, stepId) == "claimed");

        host.Terminate();

        Assert.Equal(0, await host.ExitAsync());
        Assert.Empty(host.Errors);
        var remains = new Remains(folder.File("data"));
        Assert.Equal("pending", remains.Steps[stepId].Status);
        Assert.Equal(["task.created", "attempt.created", "attempt.started", "attempt.invalidated"], remains.Events.Where(link => link.StepId == stepId).Select(link => link.Type));
        Assert.Empty(plugin.Found());
    }

    [Fact]
    public async Task A_handler_that_does_not_listen_keeps_nobody_from_ending()
    {
        await using var host = Start();
        using var http = new HttpClient { BaseAddress = await host.ReadyAsync() };
        var stepId = await SubmitAsync(http, plugin.Step(waitMilliseconds: 600_000, deaf: true));
        await Wait.UntilAsync(async () => await StatusAsync(http, stepId) == "claimed");

        host.Terminate();

        Assert.Equal(0, await host.ExitAsync());
    }

    [Fact]
    public async Task Asked_twice_it_ends_as_if_asked_once()
    {
        await using var host = Start(("SHUTDOWN_GRACE_SEC", "3600"));
        using var http = new HttpClient { BaseAddress = await host.ReadyAsync() };
        var stepId = await SubmitAsync(http, plugin.Step(gate: folder.File("gate")));
        await Wait.UntilAsync(async () => await StatusAsync(http, stepId) == "claimed");

        host.Terminate();
        host.Terminate();
        await File.WriteAllTextAsync(folder.File("gate"), "open");

        Assert.Equal(0, await host.ExitAsync());
        Assert.Empty(host.Errors);
        Assert.Equal("completed", new Remains(folder.File("data")).Steps[stepId].Status);
        Assert.Equal([$"{stepId}@1"], plugin.Found());
    }

    [Fact]
    public async Task A_claim_caught_by_the_stop_is_answered_or_not_made()
    {
        await using var host = Start();
        var address = await host.ReadyAsync();
        using var http = new HttpClient { BaseAddress = address };
        await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => SubmitAsync(http, new { type = FleetCalls.Elsewhere, args = new { } })));
        var answered = new ConcurrentBag<string>();

        var pods = Enumerable.Range(0, 8).Select(pod => ClaimUntilTheEndAsync(address, $"pod-{pod}", answered)).ToList();
        await Wait.UntilAsync(() => Task.FromResult(answered.Count > 20));
        host.Terminate();
        await Task.WhenAll(pods);

        Assert.Equal(0, await host.ExitAsync());
        var held = new Remains(folder.File("data")).Steps.Where(step => step.Value.Status == "claimed").Select(step => step.Key);
        Assert.Equal(answered.Order(StringComparer.Ordinal), held.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Who_waits_for_a_step_or_for_a_cancel_is_told_to_come_back()
    {
        await using var host = Start();
        using var http = new HttpClient { BaseAddress = await host.ReadyAsync() };
        var claim = http.PostAsJsonAsync("/api/steps/claim", new { pod_id = "idle", kinds = new[] { "none" }, wait_seconds = 30 });
        var stepId = await SubmitAsync(http, new { type = FleetCalls.Elsewhere, args = new { } });
        using var beat = await http.PostAsJsonAsync("/api/pods/heartbeat", new { pod_id = "busy", kinds = new[] { FleetCalls.Elsewhere }, capacity = 1, running = 0, version = "1" });
        using var claimed = await http.PostAsJsonAsync("/api/steps/claim", new { pod_id = "busy", kinds = new[] { FleetCalls.Elsewhere } });
        var fence = (await claimed.Content.ReadFromJsonAsync<JsonElement>())[0].GetProperty("fence").GetInt64();
        var lease = await LeaseAsync(http, stepId);
        var renewal = http.PostAsJsonAsync($"/api/steps/{stepId}/renew", new { pod_id = "busy", fence, wait_seconds = 30 });
        await Wait.UntilAsync(async () => await LeaseAsync(http, stepId) != lease);

        host.Terminate();

        foreach (var waited in new[] { claim, renewal })
        {
            using var answer = await waited;
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
            Assert.Contains("The server is stopping.", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(0, await host.ExitAsync());
    }

    public void Dispose() => folder.Dispose();

    private static async Task ClaimUntilTheEndAsync(Uri address, string pod, ConcurrentBag<string> answered)
    {
        using var http = new HttpClient { BaseAddress = address };
        try
        {
            while (true)
            {
                using var response = await http.PostAsJsonAsync("/api/steps/claim", new { pod_id = pod, kinds = new[] { FleetCalls.Elsewhere }, max = 1, wait_seconds = 30 });
                if (!response.IsSuccessStatusCode)
                {
                    return;
                }

                foreach (var claim in (await response.Content.ReadFromJsonAsync<JsonElement>()).EnumerateArray())
                {
                    answered.Add(claim.GetProperty("step_id").GetString()!);
                }
            }
        }
        catch (HttpRequestException)
        {
        }
    }

    private static async Task<string> SubmitAsync(HttpClient http, object step)
    {
        using var response = await http.PostAsJsonAsync("/submit", step);
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("step_id").GetString()!;
    }

    private static async Task<string?> LeaseAsync(HttpClient http, string stepId) =>
        (await http.GetFromJsonAsync<JsonElement>($"/api/steps/{stepId}/why")).GetProperty("evidence").GetProperty("pods")[0].GetProperty("until").GetString();

    private static async Task<string?> StatusAsync(HttpClient http, string stepId) =>
        (await http.GetFromJsonAsync<JsonElement>($"/status/{stepId}")).GetProperty("status").GetString();

    private HostRun Start(params (string Name, string Value)[] settings) =>
        HostRun.Start(folder, [], [("PLUGINS_DIR", plugin.Plugins), ("HINT_CATALOGUE", "0"), ("SHUTDOWN_GRACE_SEC", "0"), .. settings]);
}
