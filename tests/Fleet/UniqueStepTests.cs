using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>At most one step of a type is active under a unique key, and a step can wait for an instant.</summary>
public sealed class UniqueStepTests
{
    [Fact]
    public async Task While_a_step_is_active_its_key_makes_no_other()
    {
        await using var host = await RefineryHost.StartAsync();
        var first = await host.SubmitAsync(Keyed("nightly"));

        var (code, answer) = await PostAsync(host, Keyed("nightly"));
        var other = await host.SubmitAsync(Keyed("hourly"));
        var claim = (await host.ClaimAsync("pod-a"))[0];
        var (whileHeld, _) = await PostAsync(host, Keyed("nightly"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (code, whileHeld));
        Assert.Equal((first, "active"), (answer.GetProperty("step_id").GetString(), answer.GetProperty("status").GetString()));
        Assert.NotEqual(first, other);
        Assert.Equal(first, claim.GetProperty("step_id").GetString());
        Assert.Equal(1, (await host.GetAsync("/admin/queue")).GetProperty("pending_steps").GetInt64());
        Assert.Equal("nightly", (await host.GetAsync($"/status/{first}")).GetProperty("unique_key").GetString());
    }

    [Fact]
    public async Task Another_type_may_have_the_same_key()
    {
        await using var host = await RefineryHost.StartAsync();
        var first = await host.SubmitAsync(Keyed("nightly"));

        Assert.NotEqual(first, await host.SubmitAsync(new { type = "another", args = new { }, unique_key = "nightly" }));
    }

    [Fact]
    public async Task An_ended_step_frees_its_key_and_its_replay_waits_for_the_next_one()
    {
        await using var host = await RefineryHost.StartAsync();
        var first = await host.SubmitAsync(Keyed("nightly"));
        await FailAsync(host, first);

        var second = await host.SubmitAsync(Keyed("nightly"));
        var (code, refusal) = await PostAsync(host, new { }, $"/admin/dead-letters/{first}/replay");
        await FailAsync(host, second);
        var (then, _) = await PostAsync(host, new { }, $"/admin/dead-letters/{first}/replay");

        Assert.NotEqual(first, second);
        Assert.Equal(HttpStatusCode.Conflict, code);
        Assert.Contains("unique key", refusal.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, then);
    }

    [Fact]
    public async Task Of_many_who_bring_a_key_at_once_one_makes_a_step()
    {
        await using var host = await RefineryHost.StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => PostAsync(host, Keyed("race"))));

        Assert.Single(answers, answer => answer.Code == HttpStatusCode.Created);
        Assert.Single(answers.Select(answer => answer.Body.GetProperty("step_id").GetString()).Distinct());
        Assert.Equal(1, (await host.GetAsync("/admin/queue")).GetProperty("pending_steps").GetInt64());
    }

    [Fact]
    public async Task A_submission_key_that_met_an_active_step_is_free_to_make_its_own_later()
    {
        await using var host = await RefineryHost.StartAsync();
        var first = await host.SubmitAsync(Keyed("nightly"));

        var (code, _) = await PostAsync(host, Keyed("nightly"), idempotencyKey: "k-1");
        await FailAsync(host, first);
        var (then, made) = await PostAsync(host, Keyed("nightly"), idempotencyKey: "k-1");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Created), (code, then));
        Assert.NotEqual(first, made.GetProperty("step_id").GetString());
    }

    [Fact]
    public async Task The_key_outlives_a_lost_database()
    {
        using var folder = new TemporaryFolder();
        var host = await RefineryHost.StartAsync(folder);
        var first = await host.SubmitAsync(Keyed("nightly"));
        await host.StopAsync();

        foreach (var file in Directory.GetFiles(folder.Path, "refinery.db*", SearchOption.AllDirectories))
        {
            File.Delete(file);
        }

        await using var again = await RefineryHost.StartAsync(folder);
        var (code, answer) = await PostAsync(again, Keyed("nightly"));

        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Equal(first, answer.GetProperty("step_id").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("na\u00efve")]
    public async Task A_key_that_is_none_is_refused(string key)
    {
        await using var host = await RefineryHost.StartAsync();

        var (code, answer) = await PostAsync(host, Keyed(key));

        Assert.Equal(HttpStatusCode.BadRequest, code);
        Assert.StartsWith("The field 'unique_key' is ", answer.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_is_not_given_out_before_its_instant_and_says_so()
    {
        await using var host = await RefineryHost.StartAsync();
        var later = await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, not_before = DateTimeOffset.UtcNow.AddHours(1) });
        var soon = await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, not_before = DateTimeOffset.UtcNow.AddMilliseconds(300) });

        var claimed = await host.ClaimAsync("pod-a", max: 2, waitSeconds: 30);

        Assert.Equal(soon, Assert.Single(claimed).GetProperty("step_id").GetString());
        Assert.Equal("delayed", (await host.GetAsync($"/api/steps/{later}/why")).GetProperty("cause").GetString());
        Assert.True((await host.GetAsync($"/status/{later}")).TryGetProperty("not_before", out _));
    }

    private static object Keyed(string key) => new { type = FleetCalls.Elsewhere, args = new { }, unique_key = key, max_retries = 0 };

    private static async Task<(HttpStatusCode Code, JsonElement Body)> PostAsync(RefineryHost host, object body, string path = "/submit", string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        using var answer = await host.Http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }

    private static async Task FailAsync(RefineryHost host, string stepId)
    {
        var claim = (await host.ClaimAsync("pod-a")).Single(step => step.GetProperty("step_id").GetString() == stepId);
        await host.PostAsync($"/api/steps/{stepId}/fail", new { pod_id = "pod-a", fence = claim.GetProperty("fence").GetInt64() });
    }
}
