using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Logs;

/// <summary>A pod that names its claim writes a log for as long as the step is its own.</summary>
public sealed class FencedLogTests
{
    [Fact]
    public async Task A_pod_that_loses_its_step_in_the_middle_writes_no_more_of_it()
    {
        await using var host = await RefineryHost.StartAsync();
        var address = await ClaimAsync(host);
        using var sender = new LiveSender("text/plain");
        var sending = host.Http.PostAsync(address.Path, sender);
        await sender.SendAsync("one\n");
        await Wait.UntilAsync(async () => (await host.Http.GetAsync($"/api/logs/stream/elsewhere/{address.StepId}?follow=1", HttpCompletionOption.ResponseHeadersRead)).IsSuccessStatusCode);

        await host.PostAsync($"/api/steps/{address.StepId}/release", new { pod_id = "pod-a", fence = 1 });
        await sender.SendAsync("two\n");
        sender.Complete();
        using var answer = await sending;

        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Equal(
            $"Pod 'pod-a' does not hold step '{address.StepId}' under fence 1: stop at once and write no more of it.",
            (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString());
        Assert.Equal("one\n[the log ends here: its pod lost the step]\n", (await host.GetAsync($"/api/logs/elsewhere/{address.StepId}")).GetProperty("content").GetString());
    }

    [Fact]
    public async Task A_pod_under_an_old_fence_writes_nothing()
    {
        await using var host = await RefineryHost.StartAsync();
        var address = await ClaimAsync(host);
        await host.PostAsync($"/api/steps/{address.StepId}/release", new { pod_id = "pod-a", fence = 1 });
        await host.ClaimAsync("pod-a");

        using var late = await host.Http.PostAsync(address.Path, new StringContent("late\n"));
        using var right = await host.Http.PostAsync(address.Path.Replace("fence=1", "fence=2", StringComparison.Ordinal), new StringContent("right\n"));

        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.OK), (late.StatusCode, right.StatusCode));
        Assert.Equal("right\n", (await host.GetAsync($"/api/logs/elsewhere/{address.StepId}")).GetProperty("content").GetString());
    }

    [Fact]
    public async Task The_last_words_of_a_cancelled_attempt_are_heard()
    {
        await using var host = await RefineryHost.StartAsync();
        var address = await ClaimAsync(host);
        await host.PostAsync($"/builds/{address.BuildId}/cancel");

        using var last = await host.Http.PostAsync(address.Path, new StringContent("Cancelled.\n"));

        Assert.Equal(HttpStatusCode.OK, last.StatusCode);
    }

    [Theory]
    [InlineData("?step_id=a", "The parameters 'step_id', 'pod_id' and 'fence' are expected together or not at all.")]
    [InlineData("?step_id=a&pod_id=b&fence=", "The parameters 'step_id', 'pod_id' and 'fence' are expected together or not at all.")]
    [InlineData("?step_id=a&pod_id=b&fence=x", "The parameter 'fence' is 'x'; a whole number of 1 or more is expected.")]
    public async Task A_claim_named_in_part_is_refused(string query, string detail)
    {
        await using var host = await RefineryHost.StartAsync();

        using var answer = await host.Http.PostAsync($"/api/logs/stream/a/1{query}", new StringContent("one\n"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(detail, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString());
    }

    private static async Task<(string StepId, string BuildId, string Path)> ClaimAsync(RefineryHost host)
    {
        var stepId = await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, metadata = new { third_party_id = "ada", parser_id = "app" } });
        await host.ClaimAsync("pod-a");
        return (stepId, $"build-ada-app-{stepId[^8..]}", $"/api/logs/stream/elsewhere/{stepId}?attempt=1&step_id={stepId}&pod_id=pod-a&fence=1");
    }
}
