using Refinery.Contract;
using Refinery.FileQueue;

namespace Refinery.Tests.Plugins;

/// <summary>The file queue keeps the contract, and what it promises beyond it about order and its lock.</summary>
public sealed class FileQueueTests : QueueBackendContract
{
    protected override IQueuePlugin Plugin { get; } = new FileQueuePlugin();

    protected override bool IsDurable => true;

    protected override IReadOnlyDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>(StringComparer.Ordinal);

    [Fact]
    public async Task Equal_ranks_come_in_the_order_they_came_even_after_opening_again()
    {
        await AddAsync(Item("d", rank: 9), Item("a", rank: 5), Item("b", rank: 5));
        await AddAsync(Item("c", rank: 5), Item("e", rank: 9));
        await ReopenAsync();

        Assert.Equal(["a", "b", "c", "d", "e"], await DrainAsync(max: 2));
    }

    [Fact]
    public async Task An_item_equal_in_rank_to_a_late_one_comes_after_it()
    {
        await AddAsync(Item("first", rank: 9), Item("late", rank: 5));
        Assert.Equal("late", Assert.Single(await PopAsync()).StepId);
        await AddAsync(Item("later", rank: 5));
        Assert.Equal(["later", "first"], Ids(await PopAsync(max: 2)));
        await AddAsync(Item("a", rank: 9), Item("b", rank: 5));
        await AddAsync(Item("c", rank: 5));

        Assert.Equal(["b", "c", "a"], await DrainAsync());
    }

    [Fact]
    public async Task The_outermost_ranks_are_kept()
    {
        await AddAsync(Item("last", rank: long.MaxValue), Item("first", rank: long.MinValue), Item("middle"));
        await ReopenAsync();

        Assert.Equal(["first", "middle", "last"], await DrainAsync());
    }

    [Fact]
    public async Task An_id_that_waits_keeps_its_place_when_it_is_added_again()
    {
        await AddAsync(Items(3));
        await AddAsync(Item("step-2", priority: 9), Item("step-0", rank: 77), Item("new", rank: 50), Item("new", rank: -1));

        Assert.Equal(4, (await StatsAsync()).Length);
        Assert.Equal(["step-0", "step-1", "step-2", "new"], await DrainAsync());
    }

    [Fact]
    public async Task An_id_that_is_no_text_comes_back_marked_and_harms_nothing()
    {
        await AddAsync(Item("half a surrogate \uD83D", rank: 5));
        await AddAsync(Items(2));
        await ReopenAsync();

        Assert.Equal(["step-0", "step-1", "half a surrogate \uFFFD"], await DrainAsync());
        await ReopenAsync();
        Assert.Empty(await DrainAsync());
        Assert.Empty(Log.Warnings);
    }

    [Fact]
    public async Task A_second_opening_is_refused_with_one_sentence_until_the_first_is_closed()
    {
        var fault = await Assert.ThrowsAsync<PluginException>(OpenAsync);
        Assert.Equal(
            $"QUEUE_FILE '{Data.File("queue/queue.ndjson")}' is held by another running host; stop that one or give this one another file.",
            fault.Message);

        await ReopenAsync();
    }

    [Fact]
    public async Task The_refused_opening_leaves_the_first_one_working()
    {
        await AddAsync(Items(2));
        await Assert.ThrowsAsync<PluginException>(OpenAsync);
        await AddAsync(Item("after", rank: 9));
        await ReopenAsync();

        Assert.Equal(["step-0", "step-1", "after"], await DrainAsync());
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
    public Task Any_sequence_of_verbs_agrees_with_a_sorted_list(int seed) => AgreeAsync(new Random(seed), 400, (
        (held, added) => held.AddRange(added.DistinctBy(item => item.StepId).Where(item => !held.Exists(other => other.StepId == item.StepId)).ToList()),
        held => held.OrderByDescending(item => item.Priority).ThenBy(item => item.Rank),
        step => step,
        false));
}
