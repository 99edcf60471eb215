using Microsoft.Extensions.Logging.Abstractions;
using Refinery.Contract;
using Refinery.Fleet;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Fleet;

/// <summary>The host's side of a backend: what goes wrong in there costs order, never a step.</summary>
public sealed class DispatchQueueTests
{
    [Fact]
    public async Task A_backend_that_throws_what_it_likes_counts_as_away()
    {
        var queue = Open(new OddBackend { OnEnqueue = _ => throw new InvalidOperationException("A bug of the plugin."), OnPop = () => throw new OperationCanceledException() });

        await queue.OfferAsync([Item("a")]);
        var taken = await queue.TakeAsync(new HashSet<string> { "build" }, max: 5, CancellationToken.None);

        Assert.Empty(taken);
    }

    [Fact]
    public async Task Offers_that_come_while_one_is_under_way_go_together()
    {
        var goOn = new TaskCompletionSource();
        var calls = new List<int>();
        var began = new TaskCompletionSource();
        var queue = Open(new OddBackend
        {
            OnEnqueue = items =>
            {
                calls.Add(items.Count);
                began.TrySetResult();
                return goOn.Task;
            },
        });

        var first = queue.OfferAsync([Item("a")]);
        await began.Task;
        var rest = Task.WhenAll(Enumerable.Range(0, 50).Select(number => queue.OfferAsync([Item($"b{number}")])));
        Assert.False(first.IsCompleted);
        goOn.SetResult();
        await first;
        await rest;

        Assert.Equal([1, 50], calls);
    }

    [Fact]
    public async Task A_claim_does_not_empty_a_backend_full_of_other_types()
    {
        var pops = 0;
        var queue = Open(new OddBackend { OnPop = () => pops++ < 1000 ? [new QueueItem($"x{pops}", "other", 0, pops, DateTimeOffset.UnixEpoch)] : [] });

        var taken = await queue.TakeAsync(new HashSet<string> { "build" }, max: 5, CancellationToken.None);

        Assert.Empty(taken);
        Assert.InRange(pops, 1, 4);
    }

    [Fact]
    public async Task A_backend_that_hangs_is_left_alone_until_it_has_answered()
    {
        var answer = new TaskCompletionSource();
        var (offers, pops) = (0, 0);
        var queue = Open(new OddBackend { OnEnqueue = _ => { offers++; return answer.Task; }, OnPop = () => { pops++; return []; } });

        await queue.OfferAsync([Item("a")]).WaitAsync(TimeSpan.FromSeconds(20));
        await queue.OfferAsync([Item("b")]);
        await queue.TakeAsync(new HashSet<string> { "build" }, max: 5, CancellationToken.None);
        var before = (offers, pops);
        answer.SetResult();
        await Wait.UntilAsync(async () =>
        {
            await queue.OfferAsync([Item("c")]);
            return offers == 2;
        });

        Assert.Equal((1, 0), before);
    }

    [Fact]
    public async Task A_backend_that_throws_at_a_question_does_not_answer()
    {
        var queue = Open(new OddBackend());

        Assert.False(await queue.AnswersAsync(CancellationToken.None));
    }

    private static DispatchQueue Open(OddBackend backend) => new(backend, new Notices(), TimeProvider.System, NullLogger<DispatchQueue>.Instance);

    private static QueueItem Item(string stepId) => new(stepId, "build", 0, 0, DateTimeOffset.UnixEpoch);

    /// <summary>A stranger's backend that does what a test says.</summary>
    private sealed class OddBackend : IQueueBackend
    {
        public Func<IReadOnlyList<QueueItem>, Task> OnEnqueue { get; init; } = _ => Task.CompletedTask;

        public Func<IReadOnlyList<QueueItem>> OnPop { get; init; } = () => [];

        public Task EnqueueAsync(IReadOnlyList<QueueItem> items, CancellationToken cancellationToken) => OnEnqueue(items);

        public Task<IReadOnlyList<QueueItem>> PopAsync(int max, TimeSpan wait, CancellationToken cancellationToken) => Task.FromResult(OnPop());

        public Task<IReadOnlyList<QueueItem>> ListAsync(int limit, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<QueueItem>>([]);

        public Task<QueueStats> StatsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<long> ClearAsync(CancellationToken cancellationToken) => Task.FromResult(0L);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
