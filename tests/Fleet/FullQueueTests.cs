using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Fleet;
using Refinery.Kernel.Storage;
using Refinery.Tests.Builds;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>A full queue takes nothing more by any door, and the figures stay true whatever happens at once.</summary>
public sealed class FullQueueTests
{
    private const int Most = 100;

    [Fact]
    public async Task Of_many_who_come_at_once_as_many_are_taken_as_there_is_room_for()
    {
        await using var host = await RefineryHost.StartAsync(("MAX_QUEUE_SIZE", $"{Most}"), ("LOCAL_WORKER", "0"));
        await using var watch = new FigureWatch(host);

        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(client => ClientAsync(host, client, calls: 10)));

        Assert.Equal(Most, answers.Sum(own => own.Count(status => status == HttpStatusCode.Created)));
        Assert.Equal((32 * 10) - Most, answers.Sum(own => own.Count(status => status == HttpStatusCode.TooManyRequests)));
        Assert.Equal(Most, await CountAsync(host, "SELECT COUNT(*) FROM steps"));
        Assert.Equal(Most, await CountAsync(host, "SELECT COUNT(*) FROM events WHERE event_type = 'task.created'"));
        Assert.Equal(Most, (await watch.EndAsync(Most)).Size);
    }

    [Fact]
    public async Task No_door_lets_a_step_into_a_full_queue()
    {
        await using var host = await RefineryHost.StartAsync(("MAX_QUEUE_SIZE", "2"), ("LOCAL_WORKER", "0"));
        await host.PostAsync("/api/queue/enqueue", new { package = "ended", version = "1.0" });
        var ended = BuildCalls.StepOf(await BuildCalls.ClaimAsync(host, "pod-a"));
        await host.PostAsync($"/api/steps/{ended}/fail", new { pod_id = "pod-a", fence = 1, retryable = false });
        var build = (await host.GetAsync("/builds")).GetProperty("builds")[0].GetProperty("id").GetString();
        using var kept = await PostAsync(host, "/submit", new { type = FleetCalls.Elsewhere, args = new { } }, key: "kept");
        await host.PostAsync("/api/queue/enqueue", new { package = "second" });
        var events = await CountAsync(host, "SELECT COUNT(*) FROM events");

        var doors = new (string Path, object Body, string? Key)[]
        {
            ("/submit", new { type = FleetCalls.Elsewhere, args = new { } }, null),
            ("/submit", new { type = FleetCalls.Elsewhere, args = new { }, not_before = "2999-01-01T00:00:00Z" }, null),
            ("/submit", new { type = FleetCalls.Elsewhere, args = new { }, unique_key = "u" }, null),
            ("/submit", new { type = FleetCalls.Elsewhere, args = new { } }, "new"),
            ("/api/queue/enqueue", new { package = "p" }, null),
            ("/api/queue/enqueue", new[] { new { package = "p" }, new { package = "q" } }, null),
            ($"/api/builds/{build}/retry", new { }, null),
            ($"/admin/dead-letters/{ended}/replay", new { }, null),
        };
        foreach (var (path, body, key) in doors)
        {
            using var answer = await PostAsync(host, path, body, key);
            Assert.True(answer.StatusCode == HttpStatusCode.TooManyRequests, $"{path} answered {(int)answer.StatusCode}.");
            Assert.True(answer.Headers.RetryAfter?.Delta > TimeSpan.Zero, $"{path} does not say when to come back.");
        }

        using var again = await PostAsync(host, "/submit", new { type = FleetCalls.Elsewhere, args = new { } }, key: "kept");
        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
        Assert.Equal(events, await CountAsync(host, "SELECT COUNT(*) FROM events"));
        Assert.Equal(2, (await host.GetAsync("/async-jobs/stats")).GetProperty("queue_size").GetInt64());
    }

    [Fact]
    public async Task The_figures_are_true_while_everything_happens_at_once()
    {
        const int pods = 4;
        const int held = 5;
        await using var host = await RefineryHost.StartAsync(
            ("MAX_QUEUE_SIZE", $"{Most}"), ("FLEET_Q_BACKOFF_SEC", "0"), ("FLEET_Q_MAX_PARALLELISM", "4"), ("FeatureManagement:Metrics", "true"));
        await using var watch = new FigureWatch(host);
        using var stop = new CancellationTokenSource();
        var working = Enumerable.Range(0, pods).Select(pod => WorkAsync(host, $"pod-{pod}", held, stop.Token)).ToList();
        var known = new ConcurrentQueue<string>();

        await Task.WhenAll(Enumerable.Range(0, 12).Select(client => SubmitMixedAsync(host, client, calls: 60, known)));
        await stop.CancelAsync();
        await Task.WhenAll(working);

        // A step that comes back, for it is tried again or given back, is never refused: so many may wait beyond the bound as pods hold.
        await watch.EndAsync(Most + (pods * held) + 3);
        await Wait.UntilAsync(async () => await CountAsync(
            host, "SELECT COUNT(*) FROM steps WHERE status IN ('claimed', 'running') OR (status = 'pending' AND type = 'hello_world')") == 0);
        var (size, ended) = await FigureWatch.ReadAsync(host);
        Assert.Equal(await CountAsync(host, "SELECT COUNT(*) FROM steps WHERE status = 'pending'"), size);
        Assert.Equal(await CountAsync(host, "SELECT COUNT(*) FROM builds WHERE status IN ('succeeded', 'failed', 'cancelled')"), ended);
        await FillAsync(host, (int)Math.Max(0, Most - size));
    }

    /// <summary>As many steps as are missing are taken and not one more: no place was lost, and none won.</summary>
    private static async Task FillAsync(RefineryHost host, int missing)
    {
        for (var index = 0; index < missing; index++)
        {
            using var taken = await PostAsync(host, "/submit", new { type = "nobody", args = new { } });
            Assert.Equal(HttpStatusCode.Created, taken.StatusCode);
        }

        using var refused = await PostAsync(host, "/submit", new { type = "nobody", args = new { } });
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        using var unknown = await PostAsync(host, "/admin/dead-letters/step_nobody/replay", new { });
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    private static async Task<IReadOnlyList<HttpStatusCode>> ClientAsync(RefineryHost host, int client, int calls)
    {
        var statuses = new List<HttpStatusCode>();
        for (var call = 0; call < calls; call++)
        {
            using var answer = (call % 3) switch
            {
                0 => await PostAsync(host, "/submit", new { type = FleetCalls.Elsewhere, args = new { } }),
                1 => await PostAsync(host, "/submit", new { type = FleetCalls.Elsewhere, args = new { } }, key: $"{client}-{call}"),
                _ => await PostAsync(host, "/api/queue/enqueue", new { package = $"p{client}" }),
            };
            Assert.True(answer.StatusCode == HttpStatusCode.Created || answer.Headers.RetryAfter is not null, "A refusal does not say when to come back.");
            statuses.Add(answer.StatusCode);
        }

        return statuses;
    }

    /// <summary>Steps for the pods elsewhere and for the one in the host, some of them cancelled again; now and then the queue is cleared.</summary>
    private static async Task SubmitMixedAsync(RefineryHost host, int client, int calls, ConcurrentQueue<string> known)
    {
        for (var call = 0; call < calls; call++)
        {
            using var answer = (call % 4) switch
            {
                0 => await PostAsync(host, "/submit", new { type = "hello_world", args = new { }, metadata = new { third_party_id = "here" } }),
                1 when client == 0 && call % 16 == 1 => await PostAsync(host, "/api/queue/clear", new { }),
                2 when known.TryDequeue(out var build) => await PostAsync(host, $"/builds/{build}/cancel", new { }),
                _ => await PostAsync(host, "/api/queue/enqueue", new { package = $"p{client}", version = $"{call}" }),
            };
            Assert.True((int)answer.StatusCode is 200 or 201 or 404 or 409 or 429, $"{answer.RequestMessage?.RequestUri} answered {(int)answer.StatusCode}.");
            if (answer.IsSuccessStatusCode && await answer.Content.ReadFromJsonAsync<JsonElement>() is var body && body.TryGetProperty("build_id", out var id) && call % 3 == 0)
            {
                known.Enqueue(id.GetString() ?? string.Empty);
            }
        }
    }

    /// <summary>A pod elsewhere that completes, fails and gives back what it claims.</summary>
    private static async Task WorkAsync(RefineryHost host, string podId, int most, CancellationToken stop)
    {
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            var claims = await host.PostAsync("/api/steps/claim", new { pod_id = podId, kinds = new[] { "wheel_build" }, max = most, start = round % 2 == 0 });
            foreach (var claim in claims.EnumerateArray())
            {
                var word = (BuildCalls.StepOf(claim)[^1] % 4) switch { 0 => "release", 1 => "fail", _ => "complete" };
                using var answer = await PostAsync(host, $"/api/steps/{BuildCalls.StepOf(claim)}/{word}", new { pod_id = podId, fence = claim.GetProperty("fence").GetInt64() });
                Assert.True((int)answer.StatusCode is 200 or 409, $"{word} was answered with {(int)answer.StatusCode}.");
            }
        }
    }

    private static Task<HttpResponseMessage> PostAsync(RefineryHost host, string path, object body, string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        if (key is not null)
        {
            request.Headers.Add(Submission.Header, key);
        }

        return host.Http.SendAsync(request);
    }

    private static Task<long> CountAsync(RefineryHost host, string query) =>
        host.Services.GetRequiredService<Database>().ReadAsync(sql => sql.FirstOrDefaultAsync<long>(query), CancellationToken.None);

    /// <summary>Reads the figures again and again while others work.</summary>
    private sealed class FigureWatch : IAsyncDisposable
    {
        private readonly RefineryHost host;
        private readonly CancellationTokenSource stop = new();
        private readonly List<long> sizes = [];
        private readonly Task watching;

        public FigureWatch(RefineryHost host)
        {
            this.host = host;
            watching = WatchAsync();
        }

        public static async Task<(long Size, long Ended)> ReadAsync(RefineryHost host)
        {
            var stats = await host.GetAsync("/async-jobs/stats");
            Assert.Equal(Most, stats.GetProperty("max_queue_size").GetInt64());
            return (stats.GetProperty("queue_size").GetInt64(), stats.GetProperty("results_count").GetInt64());
        }

        /// <summary>No figure was negative or above this.</summary>
        /// <returns>The last figures.</returns>
        public async Task<(long Size, long Ended)> EndAsync(long most)
        {
            await stop.CancelAsync();
            await watching;
            Assert.NotEmpty(sizes);
            Assert.InRange(sizes.Min(), 0, most);
            Assert.InRange(sizes.Max(), 0, most);
            return await ReadAsync(host);
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await watching;
            stop.Dispose();
        }

        private async Task WatchAsync()
        {
            while (!stop.IsCancellationRequested)
            {
                sizes.Add((await ReadAsync(host)).Size);
            }
        }
    }
}
