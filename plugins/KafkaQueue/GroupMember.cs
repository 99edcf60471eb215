using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Refinery.KafkaQueue;

/// <summary>This host's membership in the group: a thread of its own fetches without end, so that the group never takes the host for dead.</summary>
internal sealed partial class GroupMember : IAsyncDisposable
{
    /// <summary>A partition of which so many are fetched is fetched no further until only <see cref="FewFetched"/> are left.</summary>
    private const int ManyFetched = 2000;
    public const int FewFetched = 1000;

    /// <summary>After so many messages it is looked whether enough are fetched.</summary>
    private const int MostAtOnce = 500;
    private const int MostWarnings = 10;

    private static readonly TimeSpan FirstAnswer = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ShortPause = TimeSpan.FromMilliseconds(10);

    private readonly IConsumer<Ignore, byte[]> consumer;
    private readonly Topic topic;
    private readonly Reach reach;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly HashSet<int> paused = [];

    /// <summary>Partitions that went while they were paused: librdkafka keeps that for the day they come back.</summary>
    private readonly HashSet<int> leftPaused = [];
    private readonly TaskCompletionSource joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource stop = new();
    private readonly long start;
    private readonly Task running;
    private volatile bool isWanted;
    private bool isSubscribed;
    private bool hasShare;
    private bool isInDoubt = true;
    private string? fault;
    private int unreadable;

    public GroupMember(KafkaClients clients, Topic topic, Reach reach, TimeProvider clock)
    {
        (this.topic, this.reach, this.clock, logger) = (topic, reach, clock, clients.Logger);
        start = clock.GetTimestamp();
        Items = new FetchedItems(reach, clock, HandOut);
        consumer = clients.Member(Rebalance, Doubt);
        running = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>What was fetched.</summary>
    public FetchedItems Items { get; }

    /// <summary>Joins at the first call, which ends when this host has its share of the partitions, or the brokers do not answer: then it goes on trying.</summary>
    /// <remarks>A host that takes nothing must have no share: what lies in it would wait while others take what came later.</remarks>
    public async Task JoinAsync(CancellationToken cancellationToken)
    {
        isWanted = true;
        try
        {
            await joined.Task.WaitAsync(FirstAnswer, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            if (joined.TrySetResult())
            {
                LogNotJoined(logger);
            }
        }
    }

    /// <summary>Commits what was handed out and leaves the group; without a broker that answers the group finds out by itself.</summary>
    public async ValueTask DisposeAsync()
    {
        Items.Close();
        joined.TrySetResult();
        await stop.CancelAsync();
        await running;
        consumer.Dispose();
        stop.Dispose();
    }

    private void Run()
    {
        while (!stop.IsCancellationRequested)
        {
            if (reach.IsAway || isInDoubt)
            {
                Look();
            }

            if (isWanted && !isSubscribed && !reach.IsAway && !isInDoubt)
            {
                isSubscribed = true;
                consumer.Subscribe(topic.Name);
            }

            Fetch();
        }

        Leave();
    }

    /// <summary>Commits and leaves, unless no broker answers: librdkafka would wait for one, sometimes without end.</summary>
    private void Leave()
    {
        var isSilent = Look() is { IsLocalError: true };

        // Debian's librdkafka aborts the process when a member leaves that was let in and has not been told its share yet (its issue 4312).
        for (var stopped = clock.GetTimestamp(); isSubscribed && !hasShare && !isSilent && clock.GetElapsedTime(stopped) < FirstAnswer;)
        {
            Fetch();
            isSilent = Look() is { IsLocalError: true };
        }

        if (!isSilent)
        {
            Try(consumer.Close);
        }
    }

    /// <summary>Asks for the topic; while it is not there nobody can join.</summary>
    /// <returns>What was wrong; null when it is there, or is being made.</returns>
    private Error? Look()
    {
        isInDoubt = false;
        try
        {
            topic.ReadPartitions();
            reach.Regain();
            return null;
        }
        catch (KafkaException exception)
        {
            isInDoubt = IsBeingMade(exception.Error.Code);
            if (!isInDoubt)
            {
                reach.Lose(exception.Error);
                joined.TrySetResult();
            }

            stop.Token.WaitHandle.WaitOne(Pause);
            return isInDoubt ? null : exception.Error;
        }
    }

    /// <summary>A topic that was asked for the first time has its partitions a moment later.</summary>
    private bool IsBeingMade(ErrorCode code) =>
        code is ErrorCode.UnknownTopicOrPart or ErrorCode.LeaderNotAvailable && clock.GetElapsedTime(start) < FirstAnswer;

    private void Fetch() => Try(() =>
    {
        var count = 0;
        for (var message = consumer.Consume(paused.Count > 0 ? ShortPause : Pause); message is not null; message = ++count < MostAtOnce ? consumer.Consume(TimeSpan.Zero) : null)
        {
            Keep(message);
        }

        if (count > 0)
        {
            Items.Wake();
        }

        PauseAndResume();
    });

    private void Keep(ConsumeResult<Ignore, byte[]> message)
    {
        fault = null;
        if (message.IsPartitionEOF)
        {
            Items.ReachEnd(message.Partition.Value, message.Offset.Value);
            return;
        }

        var item = ItemJson.Read(message.Message.Value);
        if (item is null && ++unreadable <= MostWarnings)
        {
            LogUnreadable(logger, message.Offset.Value, message.Partition.Value);
        }

        Items.Add(message.Partition.Value, message.Offset.Value, item);
    }

    /// <summary>A host that hands out nothing goes on polling, and holds no more than a few pages of the topic.</summary>
    private void PauseAndResume()
    {
        foreach (var (partition, count) in Items.Counts())
        {
            if (leftPaused.Remove(partition))
            {
                consumer.Resume([new TopicPartition(topic.Name, partition)]);
            }

            if (count >= ManyFetched && paused.Add(partition))
            {
                consumer.Pause([new TopicPartition(topic.Name, partition)]);
            }
            else if (count <= FewFetched && paused.Remove(partition))
            {
                consumer.Resume([new TopicPartition(topic.Name, partition)]);
            }
        }
    }

    private void Rebalance(bool isOurs, IEnumerable<int> partitions)
    {
        leftPaused.UnionWith(paused.Intersect(partitions));
        paused.ExceptWith(partitions);
        Items.Rebalance(isOurs, partitions);
        if (isOurs)
        {
            hasShare = true;
            joined.TrySetResult();
        }
    }

    private void HandOut(int partition, long next)
    {
        try
        {
            consumer.StoreOffset(new TopicPartitionOffset(topic.Name, partition, next));
        }
        catch (KafkaException)
        {
            // The partition was lost a moment ago: its new owner hands out the same again.
        }
    }

    /// <summary>What is told here may be over already, so it is a reason to ask, no more.</summary>
    private void Doubt(Error error) => isInDoubt |= error.Code == ErrorCode.Local_AllBrokersDown;

    /// <summary>What the group or the topic answers may be wrong for long; each reason is told once.</summary>
    private void Try(Action action)
    {
        try
        {
            action();
        }
        catch (KafkaException exception)
        {
            if (fault != exception.Error.Reason && !reach.IsAway)
            {
                LogFault(logger, exception.Error.Reason);
            }

            fault = exception.Error.Reason;
            stop.Token.WaitHandle.WaitOne(Pause);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The Kafka group gave this host no partitions yet; steps are dispatched from the database meanwhile.")]
    private static partial void LogNotJoined(ILogger logger);

    [LoggerMessage(LogLevel.Warning, "Message {Offset} of partition {Partition} is no queue item and was passed over; a step it named is found in the database.")]
    private static partial void LogUnreadable(ILogger logger, long offset, int partition);

    [LoggerMessage(LogLevel.Warning, "The Kafka topic cannot be read ({Reason}); steps are dispatched from the database meanwhile.")]
    private static partial void LogFault(ILogger logger, string reason);
}
