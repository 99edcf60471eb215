using Refinery.KafkaQueue;
using Refinery.Tests.Plugins;

namespace Refinery.Tests.KafkaQueue;

/// <summary>Which items are the next when several partitions hold some, and where a next owner would begin.</summary>
public sealed class LanesTests
{
    private readonly Lanes lanes = new();

    public LanesTests()
    {
        lanes.Open(0);
        lanes.Open(1);
    }

    [Fact]
    public void The_most_urgent_head_goes_first_and_each_partition_keeps_its_order()
    {
        Add(0, "slow", priority: 0, rank: 9);
        Add(0, "urgent behind slow", priority: 9, rank: 0);
        Add(1, "early", priority: 0, rank: 1);
        Add(1, "late", priority: 0, rank: 20);

        Assert.Equal(["early", "slow", "urgent behind slow", "late"], lanes.Take(9).Select(item => item.StepId));
    }

    [Fact]
    public void A_partition_that_has_not_answered_is_waited_for()
    {
        Add(0, "a");
        Assert.False(lanes.IsSettled(1));

        lanes.All[1].ReachEnd(0);
        Assert.True(lanes.IsSettled(1));
        Assert.False(lanes.IsSettled(2));

        lanes.All[0].ReachEnd(1);
        Assert.True(lanes.IsSettled(2));
    }

    [Fact]
    public void What_is_known_to_lie_there_is_waited_for()
    {
        lanes.All[0].ReachEnd(0);
        lanes.All[1].ReachEnd(5);
        lanes.All[1].Expect(6);
        lanes.All[1].Expect(3);
        Assert.False(lanes.IsSettled(1));

        lanes.All[1].Add(5, QueueFolder.Item("a"));
        Assert.True(lanes.IsSettled(100));
    }

    [Fact]
    public void The_next_owner_begins_after_what_was_handed_out()
    {
        Assert.Null(lanes.All[0].Advance());
        Add(0, "a");
        Add(0, "b");
        lanes.Take(1);

        Assert.Equal(1, lanes.All[0].Advance());
        Assert.Null(lanes.All[0].Advance());
        lanes.Take(1);
        Assert.Equal(2, lanes.All[0].Advance());
    }

    [Fact]
    public void A_message_that_is_no_item_is_passed_over()
    {
        lanes.All[0].Add(0, null);
        Assert.Equal(1, lanes.All[0].Next);

        Add(0, "a", offset: 1);
        lanes.All[0].Add(2, null);
        lanes.All[0].Add(3, null);
        Assert.Equal("a", Assert.Single(lanes.Take(9)).StepId);

        Assert.Equal(4, lanes.All[0].Advance());
    }

    private void Add(int partition, string id, int priority = 0, long rank = 0, long? offset = null) =>
        lanes.All[partition].Add(offset ?? lanes.All[partition].Position ?? 0, QueueFolder.Item(id, priority, rank));
}
