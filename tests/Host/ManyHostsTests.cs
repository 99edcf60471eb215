using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Fleet;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Host;

/// <summary>Two hosts on one Postgres: each hears of what the other commits.</summary>
public sealed class ManyHostsTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder books = new();
    private RefineryHost? one;
    private RefineryHost? two;

    private RefineryHost One => one!;

    private RefineryHost Two => two!;

    public async Task InitializeAsync()
    {
        one = await StartAsync(("LOCAL_WORKER", "0"));
        two = await StartAsync(("LOCAL_WORKER", "0"));
    }

    public async Task DisposeAsync()
    {
        await Two.DisposeAsync();
        await One.DisposeAsync();
    }

    public void Dispose() => books.Dispose();

    [Fact]
    public async Task A_renewal_that_waits_at_one_hears_a_cancel_at_the_other()
    {
        var stepId = await SubmitAsync(One);
        var claim = (await ClaimAsync(Two))[0];
        var before = await LeaseAsync(stepId);
        var renewal = Two.Http.PostAsJsonAsync(
            $"/api/steps/{stepId}/renew", new { pod_id = "pod", fence = claim.GetProperty("fence").GetInt64(), wait_seconds = 30 });

        // The lease is longer, so it waits now; a cancel before that would be found by reading.
        await Wait.UntilAsync(async () => await LeaseAsync(stepId) != before);
        Assert.Equal(1, (await One.PostAsync("/api/builds/cancel", new { third_party_id = "many" })).GetProperty("count").GetInt64());
        using var answer = await renewal;

        Assert.True((await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("cancel_requested").GetBoolean());
    }

    [Fact]
    public async Task A_reader_of_the_journal_at_one_is_told_of_events_at_the_other()
    {
        var journal = Two.Services.GetRequiredService<EventJournal>();
        using var stop = new CancellationTokenSource();
        await using var events = journal.FollowAsync((await journal.HeadAsync(stop.Token)).Sequence, stop.Token).GetAsyncEnumerator(stop.Token);
        var next = events.MoveNextAsync();

        await SubmitAsync(One);

        Assert.True(await next);
        Assert.Equal("task.created", events.Current.EventType);
        await stop.CancelAsync();
    }

    [Fact]
    public async Task Each_counts_among_its_events_only_those_that_it_has_committed()
    {
        var heard = new ConcurrentQueue<(string Host, string EventType)>();
        One.Services.GetRequiredService<EventJournal>().Hear(links => links.ToList().ForEach(link => heard.Enqueue(("one", link.EventType))));
        Two.Services.GetRequiredService<EventJournal>().Hear(links => links.ToList().ForEach(link => heard.Enqueue(("two", link.EventType))));

        await SubmitAsync(One);
        await ClaimAsync(Two);

        Assert.Equal([("one", "task.created"), ("two", "attempt.created")], heard.Where(one => one.EventType is "task.created" or "attempt.created"));
    }

    [Fact]
    public async Task Each_counts_the_steps_of_both()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(number => SubmitAsync(number % 2 == 0 ? One : Two)));
        var claimed = await ClaimAsync(One, max: 15);

        Assert.Equal(15, claimed.Length);
        await Wait.UntilAsync(async () => await CountsAsync(One) == (25, 15) && await CountsAsync(Two) == (25, 15));
    }

    [Fact]
    public async Task A_step_of_one_is_claimed_at_the_other_and_both_say_what_became_of_it()
    {
        var waiting = ClaimAsync(Two, wait: 30);
        var stepId = await SubmitAsync(One);
        var claim = Assert.Single(await waiting);
        Assert.Equal(stepId, claim.GetProperty("step_id").GetString());
        await Two.PostAsync($"/api/steps/{stepId}/start", new { pod_id = "pod", fence = claim.GetProperty("fence").GetInt64() });
        await Two.PostAsync($"/api/steps/{stepId}/complete", new { pod_id = "pod", fence = claim.GetProperty("fence").GetInt64() });

        Assert.Equal("completed", (await One.GetAsync($"/api/steps/{stepId}")).GetProperty("status").GetString());
        Assert.True((await One.Services.GetRequiredService<EventJournal>().VerifyAsync(CancellationToken.None)).Valid);
    }

    [Fact]
    public async Task A_third_that_starts_prolongs_no_lease()
    {
        var stepId = await SubmitAsync(One);
        await ClaimAsync(Two);
        var before = await LeaseAsync(stepId);

        await using var third = await StartAsync(("LOCAL_WORKER", "0"));

        Assert.Equal(before, await LeaseAsync(stepId));
    }

    [Fact]
    public async Task One_of_them_leads()
    {
        await Wait.UntilAsync(async () => await LeaderAsync(One) is ({ Length: > 0 } leader, 2) && await LeaderAsync(Two) == (leader, 2));
    }

    private Task<RefineryHost> StartAsync(params (string Name, string Value)[] settings) => RefineryHost.StartAsync(
        [("POSTGRES_DSN", PostgresEngine.ConnectionStringOf(books)), ("QUEUE_BACKEND", "postgres"), ("HINT_CATALOGUE", "0"), ("FLEET_Q_LEASE_SEC", "3600"), .. settings]);

    private static async Task<string> SubmitAsync(RefineryHost host) =>
        (await host.PostAsync("/submit", new { type = "elsewhere", args = new { }, metadata = new { third_party_id = "many" } })).GetProperty("step_id").GetString()!;

    private static async Task<JsonElement[]> ClaimAsync(RefineryHost host, int max = 1, double wait = 5) =>
        [.. (await host.PostAsync("/api/steps/claim", new { pod_id = "pod", kinds = new[] { "elsewhere" }, max, wait_seconds = wait })).EnumerateArray()];

    private async Task<DateTimeOffset?> LeaseAsync(string stepId) =>
        (await One.Services.GetRequiredService<Database>().ReadAsync(sql => StepStore.FindAsync(sql, stepId), CancellationToken.None))!.LeaseUntil;

    private static async Task<(string? Leader, int Pods)> LeaderAsync(RefineryHost host)
    {
        var answer = await host.GetAsync("/admin/leader");
        return (answer.GetProperty("current_leader").GetString(), answer.GetProperty("active_pods").GetInt32());
    }

    private static async Task<(long Waiting, long Held)> CountsAsync(RefineryHost host)
    {
        var figures = await host.GetAsync("/admin/queue");
        return (figures.GetProperty("pending_steps").GetInt64(), figures.GetProperty("claimed_steps").GetInt64());
    }
}
