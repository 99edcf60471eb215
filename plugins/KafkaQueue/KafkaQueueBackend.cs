using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Refinery.Contract;

namespace Refinery.KafkaQueue;

/// <summary>The five verbs over a topic, as far as Kafka has them: what lies in a partition cannot be removed.</summary>
internal sealed partial class KafkaQueueBackend(
    CurrentProducer producer, IAdminClient admin, GroupMember member, WaitingItems waiting, Sender sender, TimeProvider clock, ILogger logger) : IQueueBackend
{
    /// <summary>Longer than its clients need to close; a client that still does not come back is left to the end of the process.</summary>
    private static readonly TimeSpan LongestClosing = TimeSpan.FromSeconds(40);

    private int isDisposed;

    /// <summary>Makes the clients; they connect in the background.</summary>
    /// <exception cref="PluginException">The settings cannot be used.</exception>
    public static KafkaQueueBackend Open(KafkaClients clients, TimeProvider clock)
    {
        var reach = new Reach(clients.Logger);
        var producer = new CurrentProducer(clients);
        var admin = clients.Admin();
        var topic = new Topic(admin, clients.Topic);
        var reader = clients.Reader();
        var member = new GroupMember(clients, topic, reach, clock);
        var waiting = new WaitingItems(reader, topic, member.Items, reach, clock);
        var sender = new Sender(producer, topic.Name, reach, sent => member.Items.Expect(sent.Partition, sent.Offset + 1));
        return new KafkaQueueBackend(producer, admin, member, waiting, sender, clock, clients.Logger);
    }

    public Task EnqueueAsync(IReadOnlyList<QueueItem> items, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        return sender.SendAsync(items, cancellationToken);
    }

    public async Task<IReadOnlyList<QueueItem>> PopAsync(int max, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ThrowIfDisposed();
        await member.JoinAsync(cancellationToken);
        return await member.Items.TakeAsync(max, wait, cancellationToken);
    }

    public Task<IReadOnlyList<QueueItem>> ListAsync(int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ThrowIfDisposed();
        return waiting.ListAsync(limit, cancellationToken);
    }

    /// <remarks>The oldest is not told: a retry lies behind items that were submitted after it, so all would have to be read.</remarks>
    public async Task<QueueStats> StatsAsync(CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        return new(await waiting.CountAsync(cancellationToken), OldestEnqueuedAt: null);
    }

    public Task<long> ClearAsync(CancellationToken cancellationToken) =>
        throw new NotSupportedException("What lies in a topic of Kafka cannot be removed.");

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) != 0)
        {
            return;
        }

        try
        {
            await Task.Run(CloseAsync, CancellationToken.None).WaitAsync(LongestClosing, clock);
        }
        catch (TimeoutException)
        {
            LogLeft(logger, LongestClosing.TotalSeconds);
        }
    }

    private async Task CloseAsync()
    {
        await member.DisposeAsync();
        await waiting.DisposeAsync();
        await producer.DisposeAsync();
        admin.Dispose();
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref isDisposed) != 0, this);

    [LoggerMessage(LogLevel.Warning, "librdkafka did not close its clients within {Seconds} seconds; they end with this process.")]
    private static partial void LogLeft(ILogger logger, double seconds);
}
