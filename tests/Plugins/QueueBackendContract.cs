using Microsoft.Extensions.Configuration;
using Refinery.Contract;

namespace Refinery.Tests.Plugins;

/// <summary>What every queue backend must do. A backend's tests inherit it and say how to open one; where a capability is missing, its refusal is tested.</summary>
public abstract partial class QueueBackendContract : IAsyncLifetime
{
    /// <summary>Long enough for a busy machine; no passing test waits for it.</summary>
    protected static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private IQueueBackend? opened;

    /// <summary>The plugin under test.</summary>
    protected abstract IQueuePlugin Plugin { get; }

    /// <summary>True when items outlive closing and opening.</summary>
    protected abstract bool IsDurable { get; }

    /// <summary>The plugin's settings; each test has a queue of its own.</summary>
    protected abstract IReadOnlyDictionary<string, string?> Settings { get; }

    internal TemporaryFolder Data { get; } = new();

    internal RecordedLog Log { get; } = new();

    protected virtual TimeProvider Clock => TimeProvider.System;

    protected IQueueBackend Queue => opened ?? throw new InvalidOperationException("The queue is closed.");

    private bool HasPriority => Plugin.Capabilities.HasFlag(QueueCapabilities.Priority);

    private bool HasClear => Plugin.Capabilities.HasFlag(QueueCapabilities.Clear);

    public virtual async Task InitializeAsync() => opened = await OpenAsync();

    public virtual async Task DisposeAsync()
    {
        await CloseAsync();
        Log.Dispose();
        Data.Dispose();
    }

    protected Task<IQueueBackend> OpenAsync() => Plugin.OpenAsync(
        new(new ConfigurationBuilder().AddInMemoryCollection(Settings).Build(), Data.Path, Clock, Log),
        CancellationToken.None);

    protected async Task CloseAsync()
    {
        if (opened is { } queue)
        {
            opened = null;
            await queue.DisposeAsync();
        }
    }

    protected async Task ReopenAsync()
    {
        await CloseAsync();
        opened = await OpenAsync();
    }

    protected static QueueItem Item(string id, int priority = 0, long rank = 0, int age = 0) =>
        new(id, "wheel_build", priority, rank, Start.AddSeconds(age));

    /// <summary>Items whose rank and time follow their number.</summary>
    protected static QueueItem[] Items(int count, string prefix = "step") =>
        [.. Enumerable.Range(0, count).Select(number => Item($"{prefix}-{number}", rank: number, age: number))];

    protected Task AddAsync(params IReadOnlyList<QueueItem> items) => Queue.EnqueueAsync(items, CancellationToken.None);

    protected Task<IReadOnlyList<QueueItem>> PopAsync(int max = 1, TimeSpan wait = default) => Queue.PopAsync(max, wait, CancellationToken.None);

    protected Task<IReadOnlyList<QueueItem>> ListAsync(int limit = 1000) => Queue.ListAsync(limit, CancellationToken.None);

    protected Task<QueueStats> StatsAsync() => Queue.StatsAsync(CancellationToken.None);

    protected async Task<List<string>> DrainAsync(int max = 100)
    {
        List<string> drained = [];
        while (await PopAsync(max) is { Count: > 0 } taken)
        {
            drained.AddRange(Ids(taken));
        }

        return drained;
    }

    protected static IEnumerable<string> Ids(IEnumerable<QueueItem> items) => items.Select(item => item.StepId);

    /// <summary>The order itself where the backend promises one, else only that nothing is lost or doubled.</summary>
    protected void AssertOrder(IEnumerable<string> expected, IEnumerable<string> actual)
    {
        if (HasPriority)
        {
            Assert.Equal(expected, actual);
        }
        else
        {
            AssertSame(expected, actual);
        }
    }

    protected static void AssertSame(IEnumerable<string> expected, IEnumerable<string> actual) =>
        Assert.Equal(expected.Order(StringComparer.Ordinal), actual.Order(StringComparer.Ordinal));

    /// <summary>Pops from several callers until that many items were taken altogether.</summary>
    protected async Task<List<QueueItem>[]> PopFromManyAsync(int callers, int max, int total)
    {
        using var done = new CancellationTokenSource(Long);
        var left = total;
        return await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            List<QueueItem> mine = [];
            while (Volatile.Read(ref left) > 0)
            {
                var taken = await Queue.PopAsync(max, TimeSpan.FromMilliseconds(20), done.Token);
                mine.AddRange(taken);
                Interlocked.Add(ref left, -taken.Count);
            }

            return mine;
        })));
    }
}
