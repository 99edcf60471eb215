using FsCheck;
using FsCheck.Fluent;
using Refinery.Contract;
using Refinery.RedisQueue;

namespace Refinery.Tests.Plugins;

/// <summary>The bytes of an item sort as items are called and hold all of it.</summary>
public sealed class StoredItemTests
{
    [Fact]
    public void Every_item_comes_back_as_it_was() => Prop.ForAll(
        Items(),
        item => StoredItem.Read(StoredItem.Write(item)) == item).QuickCheckThrowOnFailure();

    [Fact]
    public void Bytes_compare_as_items_are_called() => Prop.ForAll(
        Items(), Items(),
        (left, right) => Math.Sign(StoredItem.Write(left).AsSpan().SequenceCompareTo(StoredItem.Write(right))) == Called(left, right)
            || (left.Priority, left.Rank, left.EnqueuedAt) == (right.Priority, right.Rank, right.EnqueuedAt)).QuickCheckThrowOnFailure();

    [Fact]
    public void Bytes_that_are_no_item_are_told_apart()
    {
        var whole = StoredItem.Write(new QueueItem("id", "type", 0, 0, DateTimeOffset.UnixEpoch));

        Assert.All(Enumerable.Range(0, whole.Length - 2), length => Assert.Null(StoredItem.Read(whole.AsSpan(0, length))));
        Assert.Null(StoredItem.Read(Enumerable.Repeat((byte)'x', 60).ToArray()));
        Assert.Null(StoredItem.Read([]));
    }

    private static int Called(QueueItem left, QueueItem right) =>
        left.Priority != right.Priority ? right.Priority.CompareTo(left.Priority)
        : left.Rank != right.Rank ? left.Rank.CompareTo(right.Rank)
        : left.EnqueuedAt.CompareTo(right.EnqueuedAt);

    private static Arbitrary<QueueItem> Items() => (
        from id in ArbMap.Default.GeneratorFor<NonNull<string>>()
        from type in ArbMap.Default.GeneratorFor<NonNull<string>>()
        from priority in Gen.OneOf(ArbMap.Default.GeneratorFor<int>(), Gen.Elements(int.MinValue, -1, 0, 1, int.MaxValue))
        from rank in Gen.OneOf(ArbMap.Default.GeneratorFor<long>(), Gen.Elements(long.MinValue, -1, 0, 1, long.MaxValue))
        from at in ArbMap.Default.GeneratorFor<DateTime>()
        select new QueueItem(id.Get, type.Get, priority, rank, new DateTimeOffset(at.Ticks, TimeSpan.Zero))).ToArbitrary();
}
