using Refinery.Contract;
using Refinery.Tests.Plugins;

namespace Refinery.Tests.KafkaQueue;

/// <summary>Brokers that go away cost calls, never the host; what they have taken is there when they come back.</summary>
public sealed class KafkaAwayTests : IAsyncLifetime
{
    // Requests and errors by their numbers in Kafka's protocol.
    private const short Produce = 0;
    private const short InitProducerId = 22;
    private const int ClusterAuthorizationFailed = 31;
    private const int OutOfOrderSequenceNumber = 45;

    private readonly KafkaYard yard = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => yard.DisposeAsync();

    [Fact]
    public async Task Brokers_that_are_away_at_the_start_are_waited_for()
    {
        var settings = yard.NewMockSettings();
        yard.Mock.GoAway();
        await using var queue = await yard.OpenAsync(settings);

        await AssertAllFailAsync(queue);
        Assert.Contains("steps are dispatched from the database meanwhile", Assert.Single(yard.Log.Warnings), StringComparison.Ordinal);
        yard.Mock.ComeBack();
        await UntilTakenAsync(queue, QueueFolder.Item("a"));

        Assert.Equal("a", Assert.Single(await queue.PopAsync(5, TimeSpan.FromHours(1), CancellationToken.None)).StepId);
        Assert.Single(yard.Log.Warnings);
    }

    [Fact]
    public async Task Brokers_that_go_away_and_come_back_have_what_they_took()
    {
        await using var queue = await yard.OpenAsync(yard.NewMockSettings());
        await queue.EnqueueAsync(QueueFolder.Items(50), CancellationToken.None);
        var seen = (await queue.PopAsync(10, TimeSpan.Zero, CancellationToken.None)).Select(item => item.StepId).ToHashSet(StringComparer.Ordinal);

        yard.Mock.GoAway();
        await Wait.UntilAsync(async () => await FailsAsync(() => queue.StatsAsync(CancellationToken.None)));
        await Assert.ThrowsAsync<IOException>(() => queue.EnqueueAsync([QueueFolder.Item("lost")], CancellationToken.None));
        await Assert.ThrowsAsync<IOException>(() => queue.ListAsync(5, CancellationToken.None));
        yard.Mock.ComeBack();
        await UntilTakenAsync(queue, QueueFolder.Item("after"));
        await Wait.UntilAsync(async () =>
        {
            seen.UnionWith(await TakenAsync(queue));
            return seen.Count >= 51;
        });

        Assert.Equal([.. QueueFolder.Items(50).Select(item => item.StepId).Append("after").Order(StringComparer.Ordinal)], seen.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_caller_that_waits_outlasts_it()
    {
        await using var queue = await yard.OpenAsync(yard.NewMockSettings());
        var waiting = queue.PopAsync(1, TimeSpan.FromHours(1), CancellationToken.None);

        yard.Mock.GoAway();
        await Wait.UntilAsync(async () => await FailsAsync(() => queue.StatsAsync(CancellationToken.None)));
        yard.Mock.ComeBack();
        await UntilTakenAsync(queue, QueueFolder.Item("a"));

        Assert.Equal("a", Assert.Single(await waiting).StepId);
    }

    [Fact]
    public async Task A_queue_is_closed_while_they_are_away()
    {
        var queue = await yard.OpenAsync(yard.NewMockSettings());
        await queue.EnqueueAsync(QueueFolder.Items(5), CancellationToken.None);
        await queue.PopAsync(1, TimeSpan.Zero, CancellationToken.None);
        var waiting = queue.PopAsync(100, TimeSpan.FromHours(1), CancellationToken.None);
        yard.Mock.GoAway();
        var adding = queue.EnqueueAsync([QueueFolder.Item("lost")], CancellationToken.None);

        await queue.DisposeAsync();

        await Assert.ThrowsAsync<IOException>(() => adding);
        Assert.InRange((await waiting).Count, 0, 4);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => queue.StatsAsync(CancellationToken.None));
    }

    /// <remarks>An idempotent producer that gets no id from the brokers is at its end.</remarks>
    [Fact]
    public async Task A_producer_that_came_to_its_end_is_replaced()
    {
        yard.Mock.Refuse(InitProducerId, ClusterAuthorizationFailed);
        await using var queue = await yard.OpenAsync(yard.NewMockSettings());

        await Assert.ThrowsAsync<IOException>(() => queue.EnqueueAsync([QueueFolder.Item("lost")], CancellationToken.None));
        await UntilTakenAsync(queue, QueueFolder.Item("a"));

        Assert.Equal("a", Assert.Single(await queue.PopAsync(5, TimeSpan.FromHours(1), CancellationToken.None)).StepId);
    }

    [Fact]
    public async Task Each_of_many_callers_has_an_answer_when_the_producer_is_replaced_under_them()
    {
        await using var queue = await yard.OpenAsync(yard.NewMockSettings());
        await queue.EnqueueAsync([QueueFolder.Item("first")], CancellationToken.None);
        yard.Mock.Refuse(Produce, OutOfOrderSequenceNumber, OutOfOrderSequenceNumber, OutOfOrderSequenceNumber);

        var failed = await Task.WhenAll(Enumerable.Range(0, 40).Select(number => FailsAsync(() => queue.EnqueueAsync([QueueFolder.Item($"{number}")], CancellationToken.None))));
        await UntilTakenAsync(queue, QueueFolder.Item("last"));
        var listed = await queue.ListAsync(100, CancellationToken.None);

        Assert.Contains(true, failed);
        Assert.Subset(
            listed.Select(item => item.StepId).ToHashSet(StringComparer.Ordinal),
            Enumerable.Range(0, 40).Where(number => !failed[number]).Select(number => $"{number}").Append("first").Append("last").ToHashSet(StringComparer.Ordinal));
    }

    private static async Task AssertAllFailAsync(IQueueBackend queue)
    {
        await Assert.ThrowsAsync<IOException>(() => queue.EnqueueAsync([QueueFolder.Item("a")], CancellationToken.None));
        await Assert.ThrowsAsync<IOException>(() => queue.PopAsync(1, TimeSpan.Zero, CancellationToken.None));
        await Assert.ThrowsAsync<IOException>(() => queue.ListAsync(1, CancellationToken.None));
        await Assert.ThrowsAsync<IOException>(() => queue.StatsAsync(CancellationToken.None));
    }

    private static Task UntilTakenAsync(IQueueBackend queue, QueueItem item) =>
        Wait.UntilAsync(async () => !await FailsAsync(() => queue.EnqueueAsync([item], CancellationToken.None)));

    private static async Task<IEnumerable<string>> TakenAsync(IQueueBackend queue)
    {
        IReadOnlyList<QueueItem> taken = [];
        await FailsAsync(async () => taken = await queue.PopAsync(20, TimeSpan.FromMilliseconds(20), CancellationToken.None));
        return taken.Select(item => item.StepId);
    }

    private static async Task<bool> FailsAsync(Func<Task> call)
    {
        try
        {
            await call();
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
