using Refinery.Contract;
using Refinery.PostgresQueue;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Plugins;

/// <summary>The queue in Postgres keeps the contract, and what it promises beyond it about order.</summary>
public sealed class PostgresQueueTests : QueueBackendContract
{
    private readonly string table = PostgresServer.NewName();

    protected override IQueuePlugin Plugin { get; } = new PostgresQueuePlugin { Patience = Long };

    protected override bool IsDurable => true;

    protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["POSTGRES_DSN"] = PostgresServer.Instance.ConnectionString(),
        ["QUEUE_TABLE"] = table,
    };

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        PostgresServer.Instance.Run($"DROP TABLE IF EXISTS {table}");
    }

    [Fact]
    public async Task Equal_ranks_come_in_the_order_they_came()
    {
        await AddAsync(Item("d", rank: 9), Item("a", rank: 5), Item("b", rank: 5));
        await AddAsync(Item("c", rank: 5), Item("e", rank: 9));
        await ReopenAsync();

        Assert.Equal(["a", "b", "c", "d", "e"], await DrainAsync(max: 2));
    }

    [Fact]
    public async Task The_outermost_ranks_and_instants_are_kept()
    {
        QueueItem[] items =
        [
            Item("first", priority: int.MaxValue, rank: long.MinValue) with { EnqueuedAt = DateTimeOffset.MinValue },
            Item("middle") with { EnqueuedAt = DateTimeOffset.UnixEpoch.AddMicroseconds(-1) },
            Item("last", priority: int.MinValue, rank: long.MaxValue) with { EnqueuedAt = new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero) },
        ];
        await AddAsync([.. items.Reverse()]);

        Assert.Equal(items, await PopAsync(max: 3));
    }

    [Fact]
    public async Task An_id_that_waits_already_is_called_once_more()
    {
        await AddAsync(Item("a", rank: 1), Item("b", rank: 2));
        await AddAsync(Item("a", rank: 3), Item("a", priority: 1));

        Assert.Equal(4, (await StatsAsync()).Length);
        Assert.Equal(["a", "a", "b", "a"], await DrainAsync());
    }

    [Fact]
    public async Task An_id_that_is_no_text_comes_back_marked_and_harms_nothing()
    {
        await AddAsync(Item("half a surrogate \uD83D", rank: 5), Item("no\0thing", rank: 6), Item("a"));

        Assert.Equal(["a", "half a surrogate \uFFFD", "no\uFFFDthing"], await DrainAsync());
        Assert.Empty(Log.Warnings);
    }

    [Fact]
    public async Task The_items_of_one_batch_wake_those_who_wait_for_them()
    {
        var waiting = Enumerable.Range(0, 3).Select(_ => PopAsync(max: 2, wait: TimeSpan.FromHours(1))).ToList();
        await AddAsync(Items(6));

        AssertSame(Ids(Items(6)), (await Task.WhenAll(waiting).WaitAsync(Long)).SelectMany(Ids));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public Task Any_sequence_of_verbs_agrees_with_a_sorted_list(int seed) => AgreeAsync(new Random(seed), 300, (
        (held, added) => held.AddRange(added),
        held => held.OrderByDescending(item => item.Priority).ThenBy(item => item.Rank),
        step => step,
        true));
}
