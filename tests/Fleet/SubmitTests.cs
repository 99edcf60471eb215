using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>A step is made once for each Idempotency-Key, and its own key never changes.</summary>
public sealed class SubmitTests : IDisposable
{
    private static readonly object Step = new { type = FleetCalls.Elsewhere, args = new { n = 1, m = new[] { 1.5 } }, priority = 2 };

    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task The_same_key_and_body_get_the_first_answer_again()
    {
        await using var host = await RefineryHost.StartAsync();

        using var first = await SubmitAsync(host, "k 1", Step);
        using var again = await SubmitAsync(host, "k 1", new { priority = 2, metadata = new { }, args = new { m = new[] { 1.50 }, n = 1 }, type = FleetCalls.Elsewhere, max_retries = 3 });

        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal(["true"], again.Headers.GetValues("Idempotency-Replayed"));
        Assert.False(first.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(1, (await host.GetAsync("/admin/queue")).GetProperty("pending_steps").GetInt32());
    }

    [Fact]
    public async Task The_same_key_with_another_body_is_refused()
    {
        await using var host = await RefineryHost.StartAsync();
        using var first = await SubmitAsync(host, "k", Step);

        using var other = await SubmitAsync(host, "k", new { type = FleetCalls.Elsewhere, args = new { n = 2 } });

        Assert.Equal(HttpStatusCode.Conflict, other.StatusCode);
        Assert.Equal("conflict", (await other.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error_type").GetString());
        Assert.Equal(1, (await host.GetAsync("/admin/queue")).GetProperty("pending_steps").GetInt32());
    }

    [Fact]
    public async Task A_full_queue_still_answers_what_a_key_has_made()
    {
        await using var host = await RefineryHost.StartAsync(("MAX_QUEUE_SIZE", "1"));
        using var first = await SubmitAsync(host, "k", Step);

        using var again = await SubmitAsync(host, "k", Step);
        using var more = await SubmitAsync(host, "another", Step);

        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.TooManyRequests, more.StatusCode);
    }

    [Fact]
    public async Task A_key_that_is_none_is_refused()
    {
        await using var host = await RefineryHost.StartAsync();

        using var refused = await SubmitAsync(host, string.Empty, Step);
        using var tooLong = await SubmitAsync(host, new string('k', 256), Step);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, tooLong.StatusCode);
    }

    [Fact]
    public async Task Of_many_who_bring_a_key_at_once_all_get_one_step()
    {
        await using var host = await RefineryHost.StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => SubmitAsync(host, "k", Step)));

        var stepIds = await Task.WhenAll(answers.Select(async answer => (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("step_id").GetString()));
        Assert.Single(stepIds.Distinct(StringComparer.Ordinal));
        Assert.Equal(1, (await host.GetAsync("/admin/queue")).GetProperty("pending_steps").GetInt32());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_key_outlives_the_process_and_the_database(bool isDatabaseLost)
    {
        var before = await RefineryHost.StartAsync(folder);
        using var first = await SubmitAsync(before, "k", Step);
        await before.StopAsync();
        if (isDatabaseLost)
        {
            Directory.EnumerateFiles(folder.Path, "refinery.db*").ToList().ForEach(File.Delete);
        }

        var host = await RefineryHost.StartAsync(folder);
        using var again = await SubmitAsync(host, "k", Step);
        using var other = await SubmitAsync(host, "k", new { type = "another", args = new { } });

        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.Conflict, other.StatusCode);
        await host.StopAsync();
    }

    [Fact]
    public async Task The_key_of_a_step_follows_from_its_id_and_stays_through_retries()
    {
        await using var host = await RefineryHost.StartAsync(("FLEET_Q_BACKOFF_SEC", "0"));
        var stepId = await host.SubmitAsync();

        var first = await host.GetAsync($"/idempotency/{stepId}");
        await host.ClaimAsync("pod-a");
        await host.PostAsync($"/api/steps/{stepId}/fail", new { pod_id = "pod-a", fence = 1 });
        var retried = await host.GetAsync($"/idempotency/{stepId}");
        using var unknown = await host.Http.GetAsync("/idempotency/step_20240101120000_abc12345");

        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(stepId)));
        Assert.Equal($"idem_{stepId[^8..]}_{digest[..8]}", first.GetProperty("idempotency_key").GetString());
        Assert.Equal(first.ToString(), retried.ToString());
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task A_waiting_step_is_claimed_by_nobody_and_says_so()
    {
        await using var host = await RefineryHost.StartAsync();

        var status = await host.GetAsync($"/status/{await host.SubmitAsync()}");

        Assert.Equal(JsonValueKind.Null, status.GetProperty("claimed_by").ValueKind);
    }

    [Fact]
    public async Task A_payload_beyond_one_mebibyte_is_too_large()
    {
        await using var host = await RefineryHost.StartAsync();

        using var refused = await host.Http.PostAsJsonAsync("/submit", new { type = FleetCalls.Elsewhere, args = new { text = new string('x', 1 << 20) } });

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        Assert.Equal(0, (await host.GetAsync("/admin/queue")).GetProperty("pending_steps").GetInt32());
    }

    public void Dispose() => folder.Dispose();

    private static async Task<HttpResponseMessage> SubmitAsync(RefineryHost host, string key, object step)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/submit") { Content = JsonContent.Create(step) };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        return await host.Http.SendAsync(request);
    }
}
