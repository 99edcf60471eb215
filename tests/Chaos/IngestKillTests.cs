using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Xunit.Abstractions;

namespace Refinery.Tests.Chaos;

/// <summary>The host is killed while bundles come in: what was acknowledged is there, the chain is whole, and the graph is what a replay makes of it.</summary>
public sealed class IngestKillTests(ITestOutputHelper output) : IDisposable
{
    private const string Token = "graph-token";
    private const int Senders = 4;

    private readonly TemporaryFolder folder = new();
    private readonly ConcurrentBag<string> acknowledged = [];
    private int bundles;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Every_acknowledged_event_outlives_the_kill_and_the_graph_equals_a_replay()
    {
        var chance = new Random(Chance.Seed(output));
        for (var round = 0; round < (Chance.IsLong ? 50 : 3); round++)
        {
            var enough = acknowledged.Count + chance.Next(1, 2000);
            await using var host = Start();
            var address = await host.ReadyAsync();
            var senders = Enumerable.Range(0, Senders).Select(_ => Task.Run(() => SendAsync(address, host))).ToList();
            await Wait.UntilAsync(() => Task.FromResult(acknowledged.Count >= enough));
            host.Kill();
            await host.ExitAsync();
            await Task.WhenAll(senders);
        }

        var (verdict, summary) = await AskAsync();
        await using (var rebuild = HostRun.Start(folder, ["rebuild-projections"]))
        {
            Assert.Equal(0, await rebuild.ExitAsync());
        }

        var (_, replayed) = await AskAsync();
        var kept = File.ReadLines(folder.File("data/journal.ndjson")).Select(line => JsonElement.Parse(line).GetProperty("event").GetProperty("event_id").GetString()!).ToList();
        Assert.True(verdict.GetProperty("valid").GetBoolean());
        Assert.Equal(kept.Count, verdict.GetProperty("length").GetInt32());
        Assert.Equal(kept.Count, kept.Distinct(StringComparer.Ordinal).Count());
        Assert.Empty(acknowledged.Except(kept, StringComparer.Ordinal));
        Assert.Equal(summary.GetRawText(), replayed.GetRawText());
        output.WriteLine($"{acknowledged.Count} events acknowledged, {kept.Count} kept");
    }

    private HostRun Start() => HostRun.Start(folder, [], ("LEVIATHAN_CONTROL_PLANE_TOKEN", Token), ("HINT_CATALOGUE", "0"), ("LOCAL_WORKER", "0"));

    /// <summary>Sends bundle after bundle until the host is gone.</summary>
    private async Task SendAsync(Uri address, HostRun host)
    {
        using var http = Client(address);
        while (true)
        {
            var bundle = Interlocked.Increment(ref bundles);
            var events = Enumerable.Range(0, 20).Select(number => new
            {
                event_id = $"evt-{bundle}-{number}",
                event_type = number == 0 ? "task.created" : "attempt.created",
                timestamp = "2026-01-24T10:00:00Z",
                payload = new { task_id = $"task-{bundle}", attempt_id = $"attempt-{bundle}-{number}", attempt_number = number },
            }).ToList();
            try
            {
                using var answer = await http.PostAsJsonAsync("/v1/events/ingest", new { target = "radix", bundle_id = $"b-{bundle}", events });
                Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
                events.ForEach(link => acknowledged.Add(link.event_id));
            }
            catch (Exception gone) when (host.IsKilled && gone is HttpRequestException or IOException or TaskCanceledException)
            {
                return;
            }
        }
    }

    private async Task<(JsonElement Verdict, JsonElement Summary)> AskAsync()
    {
        await using var host = Start();
        using var http = Client(await host.ReadyAsync());
        var verdict = await http.GetFromJsonAsync<JsonElement>("/v1/graph/verify");
        var summary = await http.GetFromJsonAsync<JsonElement>("/v1/graph/summary");
        host.Terminate();
        Assert.Equal(0, await host.ExitAsync());
        return (verdict, summary);
    }

    private static HttpClient Client(Uri address)
    {
        var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        return http;
    }
}
