using System.Collections.Concurrent;

namespace Refinery.Tests.Plugins;

public abstract partial class QueueBackendContract
{
    [Fact]
    public async Task A_wait_ends_empty_when_nothing_comes()
    {
        Assert.Empty(await PopAsync(wait: TimeSpan.FromMilliseconds(30)).WaitAsync(Long));
    }

    [Fact]
    public async Task A_full_queue_lets_nobody_wait()
    {
        await AddAsync(Items(1));

        Assert.Single(await PopAsync(max: 10, wait: TimeSpan.FromHours(1)).WaitAsync(Long));
    }

    [Fact]
    public async Task A_waiting_caller_is_woken_by_an_item()
    {
        var waiting = PopAsync(wait: TimeSpan.FromHours(1));
        await AddAsync(Item("a"));

        Assert.Equal(["a"], Ids(await waiting.WaitAsync(Long)));
    }

    [Fact]
    public async Task A_batch_wakes_as_many_callers_as_it_feeds()
    {
        var waiting = Enumerable.Range(0, 5).Select(_ => PopAsync(wait: TimeSpan.FromHours(1))).ToList();
        await AddAsync(Items(5));

        AssertSame(Ids(Items(5)), (await Task.WhenAll(waiting).WaitAsync(Long)).SelectMany(Ids));
    }

    [Fact]
    public async Task Each_of_eight_waiting_callers_gets_one_of_eight_items()
    {
        var waiting = Enumerable.Range(0, 8).Select(_ => PopAsync(wait: TimeSpan.FromHours(1))).ToList();
        foreach (var item in Items(8))
        {
            await AddAsync(item);
        }

        AssertSame(Ids(Items(8)), (await Task.WhenAll(waiting).WaitAsync(Long)).SelectMany(Ids));
    }

    [Fact]
    public async Task Waiting_callers_hold_up_nobody()
    {
        using var end = new CancellationTokenSource();
        var waiting = Queue.PopAsync(1, TimeSpan.FromHours(1), end.Token);

        Assert.Empty(await ListAsync().WaitAsync(Long));
        Assert.Equal(0, (await StatsAsync().WaitAsync(Long)).Length);
        Assert.Empty(await PopAsync().WaitAsync(Long));
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task A_cancelled_wait_loses_nothing()
    {
        using var cancel = new CancellationTokenSource();
        var waiting = Queue.PopAsync(1, TimeSpan.FromHours(1), cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Long));
        await AddAsync(Item("a"));

        Assert.Equal(["a"], await DrainAsync());
    }

    [Fact]
    public async Task A_cancelled_caller_leaves_its_item_to_the_next()
    {
        using var cancel = new CancellationTokenSource();
        var first = Queue.PopAsync(1, TimeSpan.FromHours(1), cancel.Token);
        var second = PopAsync(wait: TimeSpan.FromHours(1));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(Long));
        await AddAsync(Item("a"));

        Assert.Equal(["a"], Ids(await second.WaitAsync(Long)));
    }

    [Fact]
    public async Task An_item_that_meets_a_cancellation_goes_to_exactly_one_caller()
    {
        for (var round = 0; round < 100; round++)
        {
            using var cancel = new CancellationTokenSource();
            var id = $"round-{round}";
            var first = Queue.PopAsync(1, TimeSpan.FromHours(1), cancel.Token);
            var second = PopAsync(wait: TimeSpan.FromHours(1));
            await Task.WhenAll(Task.Run(() => AddAsync(Item(id))), Task.Run(cancel.Cancel));

            var firstTook = await TookAsync(first.WaitAsync(Long));
            if (firstTook)
            {
                await AddAsync(Item(id + "-for-the-second"));
            }

            Assert.Equal([firstTook ? id + "-for-the-second" : id], Ids(await second.WaitAsync(Long)));
        }

        Assert.Empty(await PopAsync());
    }

    [Fact]
    public async Task An_item_that_meets_the_end_of_a_wait_is_not_lost()
    {
        for (var round = 0; round < 50; round++)
        {
            var waiting = PopAsync(wait: TimeSpan.FromMilliseconds(round % 4));
            await AddAsync(Item($"round-{round}"));

            var taken = await waiting.WaitAsync(Long);

            Assert.Equal([$"round-{round}"], [.. Ids(taken), .. await DrainAsync()]);
        }
    }

    [Fact]
    public async Task Many_short_waits_with_many_producers_lose_nothing()
    {
        ConcurrentBag<string> taken = [];
        using var end = new CancellationTokenSource();
        var consumers = Enumerable.Range(0, 8).Select(consumer => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                foreach (var item in await PopAsync(max: 1 + consumer % 3, wait: TimeSpan.FromMilliseconds(1 + consumer)))
                {
                    taken.Add(item.StepId);
                }
            }
        })).ToList();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(producer => Task.Run(async () =>
        {
            foreach (var item in Items(150, $"p{producer}"))
            {
                await AddAsync(item);
            }
        })));

        await end.CancelAsync();
        await Task.WhenAll(consumers).WaitAsync(Long);

        AssertSame(Enumerable.Range(0, 3).SelectMany(producer => Ids(Items(150, $"p{producer}"))), [.. taken, .. await DrainAsync()]);
    }

    [Fact]
    public async Task Clearing_does_not_end_a_wait()
    {
        var waiting = PopAsync(wait: TimeSpan.FromHours(1));
        await AssertClearsAsync(0);
        await AddAsync(Item("a"));

        Assert.Equal(["a"], Ids(await waiting.WaitAsync(Long)));
    }

    [Fact]
    public async Task Closing_ends_every_wait_empty()
    {
        var waiting = Enumerable.Range(0, 4).Select(_ => PopAsync(wait: TimeSpan.FromHours(1))).ToList();
        await CloseAsync();

        Assert.All(await Task.WhenAll(waiting).WaitAsync(Long), Assert.Empty);
    }

    [Fact]
    public async Task A_closed_queue_refuses_every_verb()
    {
        var queue = Queue;
        await CloseAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => queue.EnqueueAsync([Item("a")], CancellationToken.None));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => queue.PopAsync(1, TimeSpan.Zero, CancellationToken.None));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => queue.ListAsync(1, CancellationToken.None));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => queue.StatsAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Closing_twice_is_harmless()
    {
        var queue = Queue;
        await CloseAsync();

        await queue.DisposeAsync();
    }

    [Fact]
    public async Task Opening_again_finds_the_items_in_order_or_an_empty_queue()
    {
        await AddAsync(Items(20));
        await AddAsync(Item("late", rank: -1), Item("urgent", priority: 3, rank: 99));
        await ReopenAsync();

        AssertOrder(IsDurable ? ["urgent", "late", .. Ids(Items(20))] : [], await DrainAsync());
    }

    [Fact]
    public async Task Opening_again_finds_items_as_they_were()
    {
        var item = Item("größe \"1\"", priority: -4, rank: 1_767_322_245_000_001, age: 3);
        await AddAsync(item);
        await ReopenAsync();

        Assert.Equal(IsDurable ? [item] : [], await ListAsync());
    }

    [Fact]
    public async Task What_was_taken_does_not_come_back_after_opening_again()
    {
        await AddAsync(Items(10));
        var taken = await PopAsync(max: 4);
        await ReopenAsync();

        var left = await DrainAsync();
        Assert.Empty(left.Intersect(Ids(taken), StringComparer.Ordinal));
        Assert.Equal(IsDurable ? 6 : 0, left.Count);
    }

    [Fact]
    public async Task What_was_cleared_does_not_come_back_after_opening_again()
    {
        await AddAsync(Items(10));
        await AssertClearsAsync(10);
        await AddAsync(Item("after", rank: 99));
        await ReopenAsync();

        Assert.Equal(IsDurable, (await DrainAsync()).Contains("after", StringComparer.Ordinal));
    }

    [Fact]
    public async Task Opening_ten_times_keeps_the_books()
    {
        List<string> seen = [];
        foreach (var batch in Items(100).Chunk(10))
        {
            await AddAsync(batch);
            seen.AddRange(Ids(await PopAsync(max: 5)));
            await ReopenAsync();
        }

        seen.AddRange(await DrainAsync());

        Assert.Equal(IsDurable ? 100 : 50, seen.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(seen.Count, seen.Distinct(StringComparer.Ordinal).Count());
    }

    private static async Task<bool> TookAsync(Task<IReadOnlyList<Refinery.Contract.QueueItem>> popping)
    {
        try
        {
            return (await popping).Count > 0;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
