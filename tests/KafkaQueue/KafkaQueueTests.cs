using Refinery.Contract;
using Refinery.Tests.Plugins;

namespace Refinery.Tests.KafkaQueue;

/// <summary>The queue in Kafka keeps the contract, and what it promises beyond it.</summary>
public sealed class KafkaQueueTests(KafkaYard yard) : QueueBackendContract, IClassFixture<KafkaYard>
{
    private readonly OpenedAhead opened = yard.TakeOpened();

    protected override IQueuePlugin Plugin => opened;

    protected override bool IsDurable => true;

    protected override IReadOnlyDictionary<string, string?> Settings => opened.Settings;

    [Fact]
    public async Task Of_what_stands_first_in_the_partitions_the_most_urgent_is_taken_first()
    {
        foreach (var item in Items(40))
        {
            await AddAsync(item);
        }

        Assert.Equal(Ids(Items(40)), Ids(await ListAsync()));
        Assert.Equal(Ids(Items(40)), await DrainAsync(max: 7));
    }

    [Fact]
    public async Task Listing_and_length_cover_what_is_not_fetched_yet()
    {
        await AddAsync(Items(30_000));
        var taken = await PopAsync(max: 500);
        var left = await StatsAsync();
        var listed = await ListAsync(limit: 29_000);

        Assert.Equal(Ids(Items(500)), Ids(taken));
        Assert.Equal(29_500, left.Length);
        Assert.Equal(Ids(Items(29_500)).Skip(500), Ids(listed));
    }

    [Fact]
    public async Task What_waits_is_seen_by_a_host_that_has_no_share_of_it()
    {
        await AddAsync(Items(10));
        await using var other = await KafkaYard.OpenAsync(new Dictionary<string, string?>(Settings, StringComparer.Ordinal) { ["KAFKA_GROUP"] = $"{Settings["KAFKA_GROUP"]}-other" }, Log);
        await PopAsync(max: 3);

        Assert.Equal(10, (await other.StatsAsync(CancellationToken.None)).Length);
        Assert.Equal(Ids(Items(10)), Ids(await other.ListAsync(100, CancellationToken.None)));
        Assert.Equal(7, (await StatsAsync()).Length);
    }
}
