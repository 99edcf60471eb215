namespace Refinery.Tests.Plugins;

public abstract partial class QueueBackendContract
{
    [Fact]
    public async Task An_item_comes_back_as_it_was()
    {
        var item = Item("step-1", priority: 7, rank: 1_767_322_245_000_001, age: 3) with { Type = "data.process:v2" };
        await AddAsync(item);

        Assert.Equal(item, Assert.Single(await PopAsync()));
    }

    [Fact]
    public async Task An_instant_keeps_its_microseconds()
    {
        var item = Item("step-1") with { EnqueuedAt = Start.AddMicroseconds(123_457) };
        await AddAsync(item);

        Assert.Equal(item.EnqueuedAt, Assert.Single(await PopAsync()).EnqueuedAt);
    }

    [Fact]
    public async Task Lower_ranks_come_first()
    {
        await AddAsync(Item("c", rank: 3), Item("a", rank: 1), Item("b", rank: 2));

        AssertOrder(["a", "b", "c"], await DrainAsync());
    }

    [Fact]
    public async Task Higher_priorities_come_first()
    {
        await AddAsync(Item("low", priority: 1), Item("high", priority: 9), Item("middle", priority: 5));

        AssertOrder(["high", "middle", "low"], await DrainAsync());
    }

    [Fact]
    public async Task Priority_goes_before_rank()
    {
        await AddAsync(Item("old", priority: 0, rank: 1), Item("urgent", priority: 1, rank: 1_000_000));

        AssertOrder(["urgent", "old"], await DrainAsync());
    }

    [Fact]
    public async Task Negative_priorities_come_after_zero()
    {
        await AddAsync(Item("minus two", priority: -2), Item("zero"), Item("minus one", priority: -1));

        AssertOrder(["zero", "minus one", "minus two"], await DrainAsync());
    }

    [Fact]
    public async Task The_outermost_priorities_are_kept()
    {
        await AddAsync(Item("last", priority: int.MinValue), Item("first", priority: int.MaxValue), Item("middle"));

        AssertOrder(["first", "middle", "last"], await DrainAsync());
    }

    [Fact]
    public async Task Ranks_one_microsecond_apart_are_told_apart()
    {
        const long Now = 1_767_322_245_000_000;
        await AddAsync(Item("b", rank: Now + 1), Item("c", rank: Now + 2), Item("a", rank: Now));

        AssertOrder(["a", "b", "c"], await DrainAsync());
    }

    [Fact]
    public async Task A_late_item_with_a_lower_rank_overtakes()
    {
        await AddAsync(Items(5));
        await AddAsync(Item("retry", rank: -1));

        AssertOrder(["retry", "step-0", "step-1", "step-2", "step-3", "step-4"], await DrainAsync());
    }

    [Fact]
    public async Task A_late_item_finds_its_place_in_the_middle()
    {
        await AddAsync(Item("a", rank: 10), Item("c", rank: 30));
        await AddAsync(Item("b", rank: 20));

        AssertOrder(["a", "b", "c"], await DrainAsync());
    }

    [Fact]
    public async Task Items_added_between_pops_keep_the_order()
    {
        await AddAsync(Item("a", rank: 1), Item("d", rank: 4));
        var first = await PopAsync();
        await AddAsync(Item("c", rank: 3), Item("b", rank: 2));

        AssertOrder(["a", "b", "c", "d"], [.. Ids(first), .. await DrainAsync()]);
    }

    [Fact]
    public async Task Equal_ranks_lose_nothing()
    {
        await AddAsync([.. Items(50).Select(item => item with { Rank = 42 })]);

        AssertSame(Ids(Items(50)), await DrainAsync(max: 7));
    }

    [Fact]
    public async Task Two_hundred_priorities_come_in_order()
    {
        var items = Enumerable.Range(0, 200).Select(number => Item($"p{number}", priority: number * 37 % 200)).ToList();
        await AddAsync(items);

        AssertOrder(items.OrderByDescending(item => item.Priority).Select(item => item.StepId), await DrainAsync());
    }

    [Fact]
    public async Task Items_added_one_by_one_come_in_order()
    {
        foreach (var item in Items(100))
        {
            await AddAsync(item);
        }

        AssertOrder(Ids(Items(100)), await DrainAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(100)]
    [InlineData(1000)]
    public async Task The_order_does_not_depend_on_how_many_are_taken_at_once(int max)
    {
        var shuffled = Items(100).OrderBy(item => item.Rank * 61 % 100).ToArray();
        await AddAsync(shuffled);

        AssertOrder(Ids(Items(100)), await DrainAsync(max));
    }

    [Fact]
    public async Task Types_do_not_change_the_order()
    {
        await AddAsync(Item("a", rank: 1) with { Type = "z" }, Item("b", rank: 2) with { Type = "a" });

        AssertOrder(["a", "b"], await DrainAsync());
    }

    [Theory]
    [InlineData("größe-ß-日本語-🙂")]
    [InlineData("with \"quotes\", \\ and /")]
    [InlineData("{\"op\":\"clear\"}")]
    [InlineData("tab\tand\nline\r\nbreak")]
    [InlineData(" leading and trailing ")]
    [InlineData("%2F..%00")]
    public async Task An_id_is_any_text(string id)
    {
        await AddAsync(Item(id), Item("other", rank: 1));

        AssertOrder([id, "other"], await DrainAsync());
    }

    [Fact]
    public async Task An_id_may_have_a_hundred_characters()
    {
        var id = new string('é', 100);
        await AddAsync(Item(id));

        Assert.Equal([id], await DrainAsync());
    }

    [Fact]
    public async Task Ids_that_differ_in_case_only_are_two()
    {
        await AddAsync(Item("step-a", rank: 1), Item("STEP-A", rank: 2));

        AssertOrder(["step-a", "STEP-A"], await DrainAsync());
    }

    [Fact]
    public async Task A_batch_of_ten_thousand_is_taken_in_whole()
    {
        await AddAsync(Items(10_000));

        Assert.Equal(10_000, (await StatsAsync()).Length);
        AssertOrder(Ids(Items(10_000)), await DrainAsync(max: 1000));
    }

    [Fact]
    public async Task An_id_that_waits_already_may_be_added_again()
    {
        await AddAsync(Items(3));
        await AddAsync(Items(3));

        Assert.Equal(Ids(Items(3)).ToHashSet(StringComparer.Ordinal), (await DrainAsync()).ToHashSet(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_id_twice_in_one_batch_is_harmless()
    {
        await AddAsync(Item("a"), Item("a"), Item("b", rank: 1));

        Assert.Equal(["a", "b"], (await DrainAsync()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_id_that_was_taken_may_come_again()
    {
        await AddAsync(Item("a"));
        await PopAsync();
        await AddAsync(Item("a"));

        Assert.Equal(["a"], await DrainAsync());
    }
}
