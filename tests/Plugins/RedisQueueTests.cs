using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Refinery.Contract;
using Refinery.RedisQueue;

namespace Refinery.Tests.Plugins;

/// <summary>The Redis queue keeps the contract, and what it promises beyond it: exact order, one queue for many hosts.</summary>
public sealed class RedisQueueTests : QueueBackendContract
{
    protected override IQueuePlugin Plugin { get; } = new RedisQueuePlugin();

    protected override bool IsDurable => true;

    /// <summary>On a machine that stands still for a second the backend would give its questions up; what it then does is tested elsewhere.</summary>
    protected override TimeProvider Clock { get; } = new SlowTimerClock();

    protected override IReadOnlyDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["REDIS_URL"] = RedisServer.SharedUrl,
        ["REDIS_KEY"] = $"refinery-tests:{Guid.NewGuid():N}",
    };

    public override async Task DisposeAsync()
    {
        await ReopenAsync();
        await Queue.ClearAsync(CancellationToken.None);
        await base.DisposeAsync();
    }

    [Fact]
    public async Task Two_hosts_lose_nothing_and_double_nothing()
    {
        await using var other = await OpenAsync();
        var adding = Task.WhenAll(Items(1000, "a").Chunk(7).Select(batch => AddAsync(batch))
            .Concat(Items(1000, "b").Chunk(7).Select(batch => other.EnqueueAsync(batch, CancellationToken.None))));
        var taken = await Task.WhenAll(DrainAsync(Queue, count: 1000), DrainAsync(other, count: 1000));
        await adding;

        AssertSame(Ids([.. Items(1000, "a"), .. Items(1000, "b")]), taken.SelectMany(ids => ids));
        Assert.Empty(await PopAsync());
    }

    [Fact]
    public async Task What_one_host_adds_wakes_the_other_without_the_help_of_a_timer()
    {
        await using var other = await OpenAsync(Settings["REDIS_KEY"], new TimelessClock());
        var waiting = Enumerable.Range(0, 4).Select(_ => other.PopAsync(1, TimeSpan.FromHours(1), CancellationToken.None)).ToList();
        await AddAsync(Items(4));

        AssertSame(Ids(Items(4)), (await Task.WhenAll(waiting).WaitAsync(Long)).SelectMany(Ids));
    }

    [Fact]
    public async Task Closing_loses_nothing_that_is_being_taken()
    {
        ConcurrentBag<string> taken = [];
        for (var round = 0; round < 20; round++)
        {
            await AddAsync(Items(200, $"r{round}"));
            var queue = Queue;
            var taking = Enumerable.Range(0, 8).Select(_ => Task.Run(() => TakeUntilClosedAsync(queue, taken))).ToList();
            await Wait.UntilAsync(() => Task.FromResult(taken.Count > round * 200));
            await ReopenAsync();
            await Task.WhenAll(taking).WaitAsync(Long);
            (await DrainAsync()).ForEach(taken.Add);
        }

        AssertSame(Enumerable.Range(0, 20).SelectMany(round => Ids(Items(200, $"r{round}"))), taken);
    }

    [Fact]
    public async Task Hosts_of_two_queues_do_not_meet()
    {
        await using var other = await OpenAsync(Settings["REDIS_KEY"] + ":other", Clock);
        await AddAsync(Items(2));

        Assert.Empty(await other.PopAsync(5, TimeSpan.Zero, CancellationToken.None));
    }

    [Fact]
    public async Task The_outermost_priorities_and_ranks_come_in_order_and_as_they_were()
    {
        int[] priorities = [int.MaxValue, int.MaxValue - 1, 1, 0, -1, int.MinValue + 1, int.MinValue];
        long[] ranks = [long.MinValue, long.MinValue + 1, -1, 0, 1, (1L << 53) + 1, (1L << 53) + 2, long.MaxValue - 1, long.MaxValue];
        QueueItem[] items = [.. from priority in priorities from rank in ranks select Item($"{priority}/{rank}", priority, rank)];
        await AddAsync(items.Reverse().ToArray());

        Assert.Equal(items, await PopAsync(max: 1000));
    }

    [Fact]
    public async Task An_item_added_again_is_one_and_with_another_priority_it_is_two()
    {
        await AddAsync(Item("a"), Item("b", rank: 1));
        await AddAsync(Item("a"), Item("b", priority: 1, rank: 1));

        Assert.Equal(3, (await StatsAsync()).Length);
        Assert.Equal(["b", "a", "b"], await DrainAsync());
    }

    [Fact]
    public async Task The_oldest_is_told_to_the_tick_and_of_any_year()
    {
        var oldest = new DateTimeOffset(1, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(7);
        await AddAsync(Item("new", priority: 5), Item("old") with { EnqueuedAt = oldest }, Item("last") with { EnqueuedAt = DateTimeOffset.MaxValue });

        Assert.Equal(oldest, (await StatsAsync()).OldestEnqueuedAt);
        Assert.Equal(["new", "old"], Ids(await PopAsync(max: 2)));
        Assert.Equal(DateTimeOffset.MaxValue, (await StatsAsync()).OldestEnqueuedAt);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public Task Any_sequence_of_verbs_agrees_with_a_sorted_list(int seed)
    {
        var chance = new Random(seed);
        return AgreeAsync(chance, 400, (
            (held, added) => held.AddRange(added.Distinct().Except(held).ToList()),
            held => held.OrderByDescending(item => item.Priority).ThenBy(item => item.Rank).ThenBy(item => item.EnqueuedAt).ThenBy(item => item.StepId, StringComparer.Ordinal),
            _ => chance.Next(100),
            true));
    }

    private static async Task TakeUntilClosedAsync(IQueueBackend queue, ConcurrentBag<string> taken)
    {
        try
        {
            while (await queue.PopAsync(1, TimeSpan.FromHours(1), CancellationToken.None) is { Count: > 0 } items)
            {
                taken.Add(items[0].StepId);
            }
        }
        catch (ObjectDisposedException)
        {
            // The queue was closed between two calls.
        }
    }

    private static async Task<List<string>> DrainAsync(IQueueBackend queue, int count)
    {
        List<string> taken = [];
        while (taken.Count < count)
        {
            taken.AddRange(Ids(await queue.PopAsync(Math.Min(5, count - taken.Count), Long, CancellationToken.None)));
        }

        return taken;
    }

    private Task<IQueueBackend> OpenAsync(string? key, TimeProvider clock) => Plugin.OpenAsync(
        new(new ConfigurationBuilder().AddInMemoryCollection(Settings).AddInMemoryCollection([new("REDIS_KEY", key)]).Build(), Data.Path, clock, Log),
        CancellationToken.None);
}
