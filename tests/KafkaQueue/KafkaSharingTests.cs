using System.Collections.Concurrent;
using Refinery.Contract;
using Refinery.Tests.Plugins;

namespace Refinery.Tests.KafkaQueue;

/// <summary>Several hosts in one group: they share the work, and what one leaves the others get.</summary>
public sealed class KafkaSharingTests(KafkaYard yard) : IClassFixture<KafkaYard>
{
    /// <remarks>Debian's librdkafka ends the process otherwise.</remarks>
    [Fact]
    public async Task Hosts_that_stop_while_the_group_lets_them_in_end_in_peace()
    {
        var settings = yard.NewSettings();
        for (var round = 0; round < 3; round++)
        {
            var queues = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => yard.OpenAsync(settings)));
            var pops = queues.Select(queue => queue.PopAsync(1, TimeSpan.Zero, CancellationToken.None)).ToList();
            await Task.WhenAny(pops);

            await Task.WhenAll(queues.Select(queue => queue.DisposeAsync().AsTask()));

            await Task.WhenAll(pops);
        }
    }

    [Fact]
    public async Task Two_hosts_share_the_items_and_double_none_of_them()
    {
        var settings = yard.NewSettings();
        var queues = await Task.WhenAll(yard.OpenAsync(settings), yard.OpenAsync(settings));
        await UntilBothTakeAsync(queues);

        await queues[0].EnqueueAsync(QueueFolder.Items(1000), CancellationToken.None);
        var taken = await TakeAsync(queues, QueueFolder.Items(1000).Length);

        Assert.All(taken, Assert.NotEmpty);
        Assert.Equal(Ids(QueueFolder.Items(1000)), Ids(taken.SelectMany(mine => mine)));
        await CloseAsync(queues);
    }

    [Fact]
    public async Task What_a_host_leaves_goes_to_the_other()
    {
        var settings = yard.NewSettings();
        var queues = await Task.WhenAll(yard.OpenAsync(settings), yard.OpenAsync(settings));
        await UntilBothTakeAsync(queues);
        await queues[1].EnqueueAsync(QueueFolder.Items(500), CancellationToken.None);
        var before = await TakeAsync(queues, count: 100);

        await queues[0].DisposeAsync();
        await queues[1].EnqueueAsync([QueueFolder.Item("after")], CancellationToken.None);
        var seen = before.SelectMany(Ids).ToHashSet(StringComparer.Ordinal);
        await Wait.UntilAsync(async () =>
        {
            seen.UnionWith(Ids(await PopAsync(queues[1], max: 50)));
            return seen.Count == 501;
        });

        Assert.Equal([.. Ids(QueueFolder.Items(500)).Append("after").Order(StringComparer.Ordinal)], seen.Order(StringComparer.Ordinal));
        await queues[1].DisposeAsync();
    }

    [Fact]
    public async Task A_host_that_comes_later_gets_a_share_and_nothing_is_lost()
    {
        var settings = yard.NewSettings();
        await using var first = await yard.OpenAsync(settings);
        await first.EnqueueAsync(QueueFolder.Items(300), CancellationToken.None);
        var early = await PopAsync(first, max: 30);

        await using var second = await yard.OpenAsync(settings);
        var seen = new ConcurrentDictionary<string, string>(early.Select(item => KeyValuePair.Create(item.StepId, "first")), StringComparer.Ordinal);
        await UntilAllAreSeenAsync([first, second], seen, count: 300);
        await UntilBothTakeAsync(first, second);

        Assert.Equal(Ids(QueueFolder.Items(300)), seen.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_another_gives_back_is_fetched_however_much_was_held_of_it_before()
    {
        const int Many = 12_000;
        var settings = yard.NewSettings();
        await using var first = await yard.OpenAsync(settings);
        await first.EnqueueAsync(QueueFolder.Items(Many), CancellationToken.None);
        var seen = Ids(await PopAsync(first, max: 1)).ToHashSet(StringComparer.Ordinal);

        await using (var second = await yard.OpenAsync(settings))
        {
            await Wait.UntilAsync(async () =>
            {
                var taken = await PopAsync(second, max: 1);
                seen.UnionWith(Ids(taken));
                return taken.Count > 0;
            });
        }

        await Wait.UntilAsync(async () =>
        {
            seen.UnionWith(Ids(await PopAsync(first, max: 1000)));
            return seen.Count == Many;
        });
    }

    [Fact]
    public async Task What_was_fetched_and_not_handed_out_waits_for_the_next_host()
    {
        var settings = yard.NewSettings();
        IReadOnlyList<QueueItem> taken;
        await using (var first = await yard.OpenAsync(settings))
        {
            await first.EnqueueAsync(QueueFolder.Items(100), CancellationToken.None);
            taken = await PopAsync(first, max: 10);
        }

        await using var second = await yard.OpenAsync(settings);
        Assert.Equal(90, (await second.StatsAsync(CancellationToken.None)).Length);
        Assert.Equal(Ids(QueueFolder.Items(100)), Ids([.. taken, .. await PopAsync(second, max: 1000)]));
    }

    [Fact]
    public async Task A_host_that_takes_nothing_keeps_nothing_from_the_others()
    {
        var settings = yard.NewSettings();
        await using var adding = await yard.OpenAsync(settings);
        await using var taking = await yard.OpenAsync(settings);
        await adding.EnqueueAsync(QueueFolder.Items(100), CancellationToken.None);

        Assert.Equal(Ids(QueueFolder.Items(100)), Ids(await PopAsync(taking, max: 1000)));
        await Wait.UntilAsync(async () => (await adding.StatsAsync(CancellationToken.None)).Length == 0);
    }

    private static IEnumerable<string> Ids(IEnumerable<QueueItem> items) => items.Select(item => item.StepId).Order(StringComparer.Ordinal);

    private static Task<IReadOnlyList<QueueItem>> PopAsync(IQueueBackend queue, int max) => queue.PopAsync(max, TimeSpan.FromMilliseconds(20), CancellationToken.None);

    private static async Task CloseAsync(IEnumerable<IQueueBackend> queues)
    {
        foreach (var queue in queues)
        {
            await queue.DisposeAsync();
        }
    }

    /// <summary>From then on the group is at rest: a member gets partitions only after the others have given them away.</summary>
    private static async Task UntilBothTakeAsync(params IQueueBackend[] queues)
    {
        var counts = new int[queues.Length];
        var round = 0;
        await Wait.UntilAsync(async () =>
        {
            await queues[0].EnqueueAsync([.. Enumerable.Range(0, 20).Select(number => QueueFolder.Item($"warm-up-{round}-{number}"))], CancellationToken.None);
            round++;
            for (var index = 0; index < queues.Length; index++)
            {
                counts[index] += (await PopAsync(queues[index], max: 100)).Count;
            }

            return counts.All(count => count > 0);
        });
        await Wait.UntilAsync(async () =>
        {
            await Task.WhenAll(queues.Select(queue => PopAsync(queue, max: 1000)));
            return (await queues[0].StatsAsync(CancellationToken.None)).Length == 0;
        });
    }

    /// <summary>Takes from all at once until so many were taken.</summary>
    private static async Task<List<QueueItem>[]> TakeAsync(IQueueBackend[] queues, int count)
    {
        var left = count;
        return await Task.WhenAll(queues.Select(queue => Task.Run(async () =>
        {
            List<QueueItem> mine = [];
            while (Volatile.Read(ref left) > 0)
            {
                var taken = await PopAsync(queue, max: 5);
                mine.AddRange(taken);
                Interlocked.Add(ref left, -taken.Count);
            }

            return mine;
        })));
    }

    private static Task UntilAllAreSeenAsync(IQueueBackend[] queues, ConcurrentDictionary<string, string> seen, int count) => Wait.UntilAsync(async () =>
    {
        foreach (var queue in queues)
        {
            foreach (var item in await PopAsync(queue, max: 7))
            {
                seen.TryAdd(item.StepId, "taken");
            }
        }

        return seen.Count == count;
    });
}
