using System.Collections.Concurrent;
using Refinery.Contract;
using Refinery.PostgresQueue;

namespace Refinery.Tests.Plugins;

/// <summary>Hosts that share a table lose nothing, double nothing and wake each other.</summary>
public sealed class PostgresQueueSharedTests : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private readonly QueueDatabase database = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => database.DisposeAsync();

    [Fact]
    public void It_says_that_hosts_may_share_it() => Assert.Equal(
        QueueCapabilities.Clear | QueueCapabilities.Priority | QueueCapabilities.Shared, new PostgresQueuePlugin().Capabilities);

    [Fact]
    public async Task Hosts_that_add_and_take_at_once_lose_nothing_and_double_nothing()
    {
        var hosts = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => database.OpenAsync(Long)));
        ConcurrentBag<string> taken = [];
        var left = 3 * 400;

        await Task.WhenAll(hosts.SelectMany((host, number) => new[]
        {
            Task.Run(async () =>
            {
                foreach (var batch in Items(400, $"h{number}").Chunk(1 + (number * 7)))
                {
                    await host.EnqueueAsync(batch, CancellationToken.None);
                }
            }),
            Task.Run(TakeAsync), Task.Run(TakeAsync),
            Task.Run(async () =>
            {
                while (Volatile.Read(ref left) > 0)
                {
                    Assert.InRange((await host.StatsAsync(CancellationToken.None)).Length, 0, 3 * 400);
                    await host.ListAsync(5, CancellationToken.None);
                }
            }),
        }.Select(task => task.WaitAsync(Long))));

        Assert.Equal(
            Enumerable.Range(0, 3).SelectMany(number => Items(400, $"h{number}")).Select(item => item.StepId).Order(StringComparer.Ordinal),
            taken.Order(StringComparer.Ordinal));

        async Task TakeAsync()
        {
            for (var turn = 0; Volatile.Read(ref left) > 0; turn++)
            {
                var items = await hosts[turn % 3].PopAsync(3, TimeSpan.FromMilliseconds(20), CancellationToken.None);
                Interlocked.Add(ref left, -items.Count);
                foreach (var item in items)
                {
                    taken.Add(item.StepId);
                }
            }
        }
    }

    [Fact]
    public async Task What_one_host_adds_wakes_those_who_wait_at_another()
    {
        var (here, there) = (await database.OpenAsync(Long), await database.OpenAsync(Long));
        var waiting = Enumerable.Range(0, 4).Select(_ => there.PopAsync(1, TimeSpan.FromHours(1), CancellationToken.None)).ToList();
        await database.ListenedAsync(hosts: 1);
        await here.EnqueueAsync(Items(4, "step"), CancellationToken.None);

        Assert.Equal(
            ["step-0", "step-1", "step-2", "step-3"],
            (await Task.WhenAll(waiting).WaitAsync(Long)).SelectMany(items => items).Select(item => item.StepId).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_one_host_adds_wakes_the_other_without_the_help_of_a_timer()
    {
        var (here, there) = (await database.OpenAsync(Long), await database.OpenAsync(Long, clock: new TimelessClock()));
        var waiting = there.PopAsync(1, TimeSpan.FromHours(1), CancellationToken.None);
        await database.ListenedAsync(hosts: 1);
        await here.EnqueueAsync(Items(1, "step"), CancellationToken.None);

        Assert.Equal("step-0", Assert.Single(await waiting.WaitAsync(Long)).StepId);
    }

    [Fact]
    public async Task An_item_that_nobody_was_told_of_is_found_by_who_waits()
    {
        var host = await database.OpenAsync(Long);
        var waiting = host.PopAsync(1, TimeSpan.FromHours(1), CancellationToken.None);
        await database.ListenedAsync(hosts: 1);
        await database.RunAsync("INSERT INTO refinery_queue (step_id, type, priority, rank, enqueued_at) VALUES ('silent', 'wheel_build', 0, 0, 0)");

        Assert.Equal("silent", Assert.Single(await waiting.WaitAsync(Long)).StepId);
    }

    [Fact]
    public async Task Nobody_listens_where_nobody_waits()
    {
        var host = await database.OpenAsync(Long);
        await host.EnqueueAsync(Items(1, "step"), CancellationToken.None);
        await host.PopAsync(1, TimeSpan.Zero, CancellationToken.None);

        await database.ListenedAsync(hosts: 0);
    }

    [Fact]
    public async Task Hosts_that_open_a_new_queue_at_once_make_one_table()
    {
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => database.OpenAsync(Long)));

        Assert.Equal(1, await database.AskAsync<long>("SELECT COUNT(*) FROM pg_class WHERE relname = 'refinery_queue'"));
        Assert.Empty(database.Log.Warnings);
    }

    [Fact]
    public async Task A_cleared_batch_of_many_pages_is_counted_to_the_last()
    {
        var host = await database.OpenAsync(Long);
        await database.RunAsync("INSERT INTO refinery_queue (step_id, type, priority, rank, enqueued_at) SELECT i::text, 't', 0, i, i FROM generate_series(1, 25001) AS i");

        Assert.Equal(25_001, await host.ClearAsync(CancellationToken.None));
        Assert.Equal(0, await database.AskAsync<long>("SELECT COUNT(*) FROM refinery_queue"));
    }

    [Fact]
    public async Task A_length_beyond_a_hundred_thousand_is_an_estimate()
    {
        var host = await database.OpenAsync(Long);
        await database.RunAsync("INSERT INTO refinery_queue (step_id, type, priority, rank, enqueued_at) SELECT i::text, 't', 0, i, i FROM generate_series(1, 100001) AS i");
        await database.RunAsync("ANALYZE refinery_queue");

        Assert.Equal(new QueueStats(100_001, OldestEnqueuedAt: null), await host.StatsAsync(CancellationToken.None));
        await host.PopAsync(2, TimeSpan.Zero, CancellationToken.None);
        Assert.Equal(new QueueStats(99_999, DateTimeOffset.UnixEpoch.AddMicroseconds(3)), await host.StatsAsync(CancellationToken.None));
    }

    [Fact]
    public async Task What_the_planner_knew_of_an_empty_table_makes_no_pop_read_a_full_one()
    {
        var host = await database.OpenAsync(Long);
        await database.RunAsync("ALTER TABLE refinery_queue SET (autovacuum_enabled = off)");
        await database.RunAsync("ANALYZE refinery_queue");
        for (var turn = 0; turn < 10; turn++)
        {
            await host.PopAsync(1, TimeSpan.Zero, CancellationToken.None);
        }

        await database.RunAsync("INSERT INTO refinery_queue (step_id, type, priority, rank, enqueued_at) SELECT i::text, 't', 0, i, i FROM generate_series(1, 20000) AS i");
        await host.PopAsync(5, TimeSpan.Zero, CancellationToken.None);
        await host.ClearAsync(CancellationToken.None);
        await host.DisposeAsync();

        // A connection reports what it read when it ends, at the latest.
        await Wait.UntilAsync(async () => await AskStatisticAsync("n_tup_del") == 20_000);
        Assert.Equal(0, await AskStatisticAsync("seq_tup_read"));
    }

    private Task<long> AskStatisticAsync(string column) => database.AskAsync<long>($"SELECT {column} FROM pg_stat_user_tables WHERE relname = 'refinery_queue'");

    private static QueueItem[] Items(int count, string prefix) =>
        [.. Enumerable.Range(0, count).Select(number => QueueFolder.Item($"{prefix}-{number}", rank: number))];
}
