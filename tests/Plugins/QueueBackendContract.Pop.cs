using Refinery.Contract;

namespace Refinery.Tests.Plugins;

public abstract partial class QueueBackendContract
{
    [Fact]
    public async Task An_empty_queue_gives_nothing_at_once()
    {
        Assert.Empty(await PopAsync(max: 10));
    }

    [Fact]
    public async Task A_pop_takes_no_more_than_asked_for()
    {
        await AddAsync(Items(10));

        Assert.Equal(3, (await PopAsync(max: 3)).Count);
        Assert.Equal(7, (await StatsAsync()).Length);
    }

    [Fact]
    public async Task A_pop_takes_fewer_when_fewer_wait()
    {
        await AddAsync(Items(2));

        Assert.Equal(2, (await PopAsync(max: 100, wait: Long)).Count);
    }

    [Fact]
    public async Task A_taken_item_is_gone()
    {
        await AddAsync(Items(1));
        await PopAsync();

        Assert.Empty(await PopAsync());
        Assert.Empty(await ListAsync());
        Assert.Equal(0, (await StatsAsync()).Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task A_pop_of_fewer_than_one_is_refused(int max)
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => PopAsync(max));
    }

    [Fact]
    public async Task A_cancelled_pop_takes_nothing()
    {
        await AddAsync(Items(1));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Queue.PopAsync(1, TimeSpan.Zero, new CancellationToken(canceled: true)));

        Assert.Equal(["step-0"], await DrainAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public async Task Eight_callers_at_once_lose_nothing_and_double_nothing(int max)
    {
        await AddAsync(Items(2000));

        var taken = await PopFromManyAsync(callers: 8, max, total: 2000);

        AssertSame(Ids(Items(2000)), taken.SelectMany(Ids));
    }

    [Fact]
    public async Task Callers_that_add_and_take_at_once_lose_nothing_and_double_nothing()
    {
        var adding = Enumerable.Range(0, 4).Select(producer => Task.Run(async () =>
        {
            foreach (var batch in Items(500, $"p{producer}").Chunk(5))
            {
                await AddAsync(batch);
            }
        })).ToList();

        var taken = await PopFromManyAsync(callers: 8, max: 3, total: 2000);
        await Task.WhenAll(adding);

        AssertSame(Enumerable.Range(0, 4).SelectMany(producer => Ids(Items(500, $"p{producer}"))), taken.SelectMany(Ids));
    }

    [Fact]
    public async Task Each_of_many_callers_sees_the_order()
    {
        await AddAsync(Items(1000));

        var taken = await PopFromManyAsync(callers: 8, max: 4, total: 1000);

        Assert.All(taken, mine => AssertOrder(Ids(mine.OrderBy(item => item.Rank)), Ids(mine)));
    }

    [Fact]
    public async Task Listing_shows_the_order_and_takes_nothing()
    {
        await AddAsync(Item("c", rank: 3), Item("a", priority: 1, rank: 9), Item("b", rank: 2));

        AssertOrder(["a", "b", "c"], Ids(await ListAsync()));
        AssertOrder(["a", "b", "c"], Ids(await ListAsync()));
        AssertOrder(["a", "b", "c"], await DrainAsync());
    }

    [Fact]
    public async Task Listing_shows_late_items_in_their_place()
    {
        await AddAsync(Items(4));
        await AddAsync(Item("late", rank: 1), Item("later", rank: -5));

        AssertOrder(await ListIdsAsync(), await DrainAsync());
    }

    [Fact]
    public async Task Listing_shows_items_as_they_are()
    {
        await AddAsync(Items(3));

        Assert.Equal(Items(3).ToHashSet(), (await ListAsync()).ToHashSet());
    }

    [Fact]
    public async Task Listing_stops_at_its_limit()
    {
        await AddAsync(Items(10));

        AssertOrder(["step-0", "step-1", "step-2"], Ids(await ListAsync(limit: 3)).Take(3));
        Assert.Equal(3, (await ListAsync(limit: 3)).Count);
    }

    [Fact]
    public async Task Listing_an_empty_queue_is_empty()
    {
        Assert.Empty(await ListAsync());
    }

    [Fact]
    public async Task A_list_of_fewer_than_one_is_refused()
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => ListAsync(limit: 0));
    }

    [Fact]
    public async Task An_empty_queue_has_no_length_and_no_oldest()
    {
        Assert.Equal(new QueueStats(0, null), await StatsAsync());
    }

    [Fact]
    public async Task The_length_counts_what_waits()
    {
        await AddAsync(Items(10));
        await PopAsync(max: 4);

        Assert.Equal(6, (await StatsAsync()).Length);
    }

    [Fact]
    public async Task The_oldest_is_the_item_submitted_first()
    {
        await AddAsync(Item("young", priority: 9, rank: 20, age: 20), Item("old", rank: 10, age: 10), Item("next", rank: 15, age: 15));

        AssertOldest(age: 10, await StatsAsync());
    }

    [Fact]
    public async Task The_oldest_moves_on_when_it_is_taken()
    {
        await AddAsync(Items(3));
        await PopAsync();

        AssertOldest(age: 1, await StatsAsync());
    }

    [Fact]
    public async Task A_late_item_may_be_the_oldest()
    {
        await AddAsync(Item("young", rank: 20, age: 20));
        await AddAsync(Item("old", rank: 10, age: 10));

        AssertOldest(age: 10, await StatsAsync());
    }

    [Fact]
    public async Task Clearing_removes_all_and_counts_it()
    {
        await AddAsync(Items(12));

        await AssertClearsAsync(12);
    }

    [Fact]
    public async Task Clearing_an_empty_queue_counts_none()
    {
        await AssertClearsAsync(0);
    }

    [Fact]
    public async Task A_cleared_queue_takes_the_same_ids_again()
    {
        await AddAsync(Items(3));
        await AssertClearsAsync(3);
        await AddAsync(Items(3));

        AssertOrder(Ids(Items(3)), (await DrainAsync()).Distinct(StringComparer.Ordinal));
    }

    private async Task<IEnumerable<string>> ListIdsAsync() => Ids(await ListAsync());

    private static void AssertOldest(int age, QueueStats stats)
    {
        if (stats.OldestEnqueuedAt is { } oldest)
        {
            Assert.Equal(Start.AddSeconds(age), oldest);
        }
    }

    private async Task AssertClearsAsync(long count)
    {
        if (!HasClear)
        {
            await Assert.ThrowsAsync<NotSupportedException>(() => Queue.ClearAsync(CancellationToken.None));
            return;
        }

        Assert.Equal(count, await Queue.ClearAsync(CancellationToken.None));
        Assert.Equal(new QueueStats(0, null), await StatsAsync());
        Assert.Empty(await PopAsync());
    }
}
