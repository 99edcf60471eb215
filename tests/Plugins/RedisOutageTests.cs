using Refinery.Contract;

namespace Refinery.Tests.Plugins;

/// <summary>A Redis that goes away, hangs, forgets or refuses costs calls while it does, and nothing after it.</summary>
public sealed class RedisOutageTests : IDisposable
{
    /// <summary>Long enough for a busy machine; no passing test waits for it.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private readonly RecordedLog log = new();
    private readonly RedisServer server = new();

    public void Dispose()
    {
        server.Dispose();
        log.Dispose();
    }

    [Fact]
    public async Task While_the_server_is_away_every_call_fails_and_afterwards_all_is_well()
    {
        await using var queue = await OpenAsync();
        await queue.EnqueueAsync([Item("before")], CancellationToken.None);

        server.Kill();
        await AssertAwayAsync(queue);
        await AssertAwayAsync(queue);
        server.Start();

        await HealAsync(queue);
        Assert.Equal(0, (await queue.StatsAsync(CancellationToken.None)).Length);
        await AssertWorksAsync(queue);
    }

    [Fact]
    public async Task A_wait_ends_when_the_server_goes_away()
    {
        await using var queue = await OpenAsync();
        var waiting = Enumerable.Range(0, 3).Select(_ => PopAsync(queue, wait: TimeSpan.FromHours(1))).ToList();

        server.Kill();

        foreach (var wait in waiting)
        {
            await Assert.ThrowsAsync<IOException>(() => wait.WaitAsync(Long));
        }
    }

    [Fact]
    public async Task Whoever_waits_again_after_an_outage_is_woken_by_any_host()
    {
        await using var queue = await OpenAsync();
        await using var other = await OpenAsync();
        server.Kill();
        await AssertAwayAsync(queue);
        server.Start();
        await HealAsync(queue);
        await HealAsync(other);

        await AssertWorksAsync(queue, other);
    }

    [Fact]
    public async Task A_server_that_is_away_at_the_start_is_one_warning_and_is_found_later()
    {
        server.Kill();
        await using var queue = await OpenAsync();
        await AssertAwayAsync(queue);
        server.Start();

        await HealAsync(queue);
        await AssertWorksAsync(queue);
        Assert.Equal([$"Redis at {server.Address} cannot be reached. Steps are called from the database until it answers."], log.Warnings);
    }

    [Fact]
    public async Task A_server_that_hangs_fails_every_call_and_loses_nothing()
    {
        await using var queue = await OpenAsync();
        await queue.EnqueueAsync([Item("a"), Item("b")], CancellationToken.None);

        server.Suspend();
        await Assert.ThrowsAsync<IOException>(() => PopAsync(queue).WaitAsync(Long));
        server.Resume();

        await HealAsync(queue);
        await Wait.UntilAsync(async () => (await queue.StatsAsync(CancellationToken.None)).Length == 2);
        Assert.Equal(["a", "b"], await PopAsync(queue, max: 5));
    }

    [Fact]
    public async Task A_server_that_hangs_for_long_is_connected_to_anew()
    {
        await using var queue = await OpenAsync();

        server.Suspend();
        await Wait.UntilAsync(async () => (await Assert.ThrowsAsync<IOException>(() => PopAsync(queue))).Message.EndsWith("cannot be reached.", StringComparison.Ordinal));
        server.Resume();

        await HealAsync(queue);
        await AssertWorksAsync(queue);
    }

    [Theory]
    [InlineData("FLUSHALL")]
    [InlineData("SCRIPT FLUSH")]
    [InlineData("CLIENT KILL TYPE normal")]
    [InlineData("CLIENT KILL TYPE pubsub")]
    public async Task What_is_done_to_the_server_by_hand_is_outlived(string command)
    {
        await using var queue = await OpenAsync();
        await using var other = await OpenAsync();
        await queue.EnqueueAsync([Item("before")], CancellationToken.None);

        server.Ask(command);

        await HealAsync(queue);
        await HealAsync(other);
        var left = (await queue.PopAsync(5, TimeSpan.Zero, CancellationToken.None)).Select(item => item.StepId);
        Assert.Equal(command == "FLUSHALL" ? [] : ["before"], left);
        Assert.Equal(new QueueStats(0, null), await queue.StatsAsync(CancellationToken.None));
        await AssertWorksAsync(queue, other);
    }

    [Fact]
    public async Task A_message_that_was_missed_is_made_up_for_when_the_connection_is_back()
    {
        // No timer ends a wait here: only a message does, or the connection's return.
        await using var queue = await OpenAsync(new TimelessClock());
        var waiting = PopAsync(queue, wait: TimeSpan.FromHours(1));
        await using var other = await OpenAsync();

        server.Ask("CLIENT KILL TYPE pubsub");
        await other.EnqueueAsync([Item("a")], CancellationToken.None);

        Assert.Equal(["a"], await waiting.WaitAsync(Long));
    }

    [Fact]
    public async Task An_item_that_no_message_told_of_is_found()
    {
        await using var queue = await OpenAsync();
        await using var other = await OpenAsync(key: "other");
        await other.EnqueueAsync([Item("a")], CancellationToken.None);
        var waiting = PopAsync(queue, wait: TimeSpan.FromHours(1));

        server.Ask("RENAME {other}:items {refinery:queue}:items");

        Assert.Equal(["a"], await waiting.WaitAsync(Long));
    }

    [Fact]
    public async Task What_was_left_behind_in_the_second_set_goes_with_the_next_look()
    {
        await using var queue = await OpenAsync();
        await queue.EnqueueAsync([Item("a")], CancellationToken.None);
        server.Ask("DEL {refinery:queue}:items");

        Assert.Equal(new QueueStats(0, null), await queue.StatsAsync(CancellationToken.None));
        Assert.Empty(await PopAsync(queue));
        Assert.Equal(":0", server.Ask("DBSIZE"));
    }

    [Fact]
    public async Task What_is_no_item_is_taken_out_with_a_warning()
    {
        await using var queue = await OpenAsync();
        await queue.EnqueueAsync([Item("a")], CancellationToken.None);
        server.Ask("ZADD {refinery:queue}:items 0 nonsense -1 more");

        Assert.Equal(["a"], await PopAsync(queue, max: 5));
        Assert.Equal(["Took 2 members out of {refinery:queue}:items that are no items of this queue; give REDIS_KEY a name that nobody else uses."], log.Warnings);
    }

    [Fact]
    public async Task A_key_that_is_something_else_is_an_IOException_that_says_so()
    {
        server.Ask("SET {refinery:queue}:items mine");
        await using var queue = await OpenAsync();

        var fault = await AssertAwayAsync(queue);

        Assert.StartsWith($"Redis at {server.Address} refused: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains("WRONGTYPE", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_queue_is_closed_while_the_server_hangs()
    {
        var queue = await OpenAsync();
        var waiting = PopAsync(queue, wait: TimeSpan.FromHours(1));
        server.Suspend();

        await queue.DisposeAsync();

        Assert.Empty(await waiting.WaitAsync(Long));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => PopAsync(queue));
    }

    private static QueueItem Item(string id) => new(id, "wheel_build", 0, 0, DateTimeOffset.UnixEpoch);

    private static async Task<List<string>> PopAsync(IQueueBackend queue, int max = 1, TimeSpan wait = default) =>
        [.. (await queue.PopAsync(max, wait, CancellationToken.None)).Select(item => item.StepId)];

    /// <returns>What the last of the verbs threw.</returns>
    private static async Task<IOException> AssertAwayAsync(IQueueBackend queue)
    {
        await Assert.ThrowsAsync<IOException>(() => queue.EnqueueAsync([Item("away")], CancellationToken.None).WaitAsync(Long));
        await Assert.ThrowsAsync<IOException>(() => queue.ListAsync(1, CancellationToken.None).WaitAsync(Long));
        await Assert.ThrowsAsync<IOException>(() => queue.StatsAsync(CancellationToken.None).WaitAsync(Long));
        await Assert.ThrowsAsync<IOException>(() => PopAsync(queue, wait: TimeSpan.FromHours(1)).WaitAsync(Long));
        return await Assert.ThrowsAsync<IOException>(() => PopAsync(queue).WaitAsync(Long));
    }

    private static Task HealAsync(IQueueBackend queue) => Wait.UntilAsync(async () =>
    {
        try
        {
            await queue.StatsAsync(CancellationToken.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    });

    /// <summary>Whoever waits is woken by what is added, here or by another host.</summary>
    private static async Task AssertWorksAsync(IQueueBackend queue, IQueueBackend? other = null)
    {
        var waiting = PopAsync(queue, wait: TimeSpan.FromHours(1));
        await (other ?? queue).EnqueueAsync([Item("works")], CancellationToken.None);

        Assert.Equal(["works"], await waiting.WaitAsync(Long));
    }

    private Task<IQueueBackend> OpenAsync(TimeProvider? clock = null, string? key = null) => server.OpenQueueAsync(log, clock, key);
}
