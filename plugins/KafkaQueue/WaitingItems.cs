using Confluent.Kafka;
using Refinery.Contract;

namespace Refinery.KafkaQueue;

/// <summary>Counts and reads what waits in all partitions, those of other hosts too, and takes nothing.</summary>
/// <remarks>A client of its own: on the member's connections a question would wait behind a fetch that waits for messages.</remarks>
internal sealed class WaitingItems(IConsumer<Ignore, byte[]> reader, Topic topic, FetchedItems own, Reach reach, TimeProvider clock) : IAsyncDisposable
{
    // Never disposed: it holds nothing of the system, and a caller caught behind it would wait for ever.
    private readonly SemaphoreSlim turn = new(1, 1);
    private bool isDisposed;

    public Task<long> CountAsync(CancellationToken cancellationToken) => AskAsync(() => ReadRanges().Sum(range => range.Length), cancellationToken);

    public Task<IReadOnlyList<QueueItem>> ListAsync(int limit, CancellationToken cancellationToken) => AskAsync<IReadOnlyList<QueueItem>>(() => Read(limit), cancellationToken);

    /// <summary>Waits for the question that is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        await turn.WaitAsync();
        isDisposed = true;
        reader.Dispose();
        turn.Release();
    }

    /// <summary>Lets one question in at a time, on a thread that may block: librdkafka knows no other way to ask.</summary>
    private async Task<T> AskAsync<T>(Func<T> question, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            reach.ThrowIfAway();
            return await Task.Run(question, CancellationToken.None);
        }
        catch (KafkaException fault)
        {
            throw reach.Lose(fault.Error);
        }
        finally
        {
            turn.Release();
        }
    }

    private List<Waiting> ReadRanges()
    {
        var partitions = topic.ReadPartitions();
        var firsts = ReadOffsets(partitions, Offset.Beginning);
        var ends = ReadOffsets(partitions, Offset.End);
        var committed = reader.Committed(partitions, Topic.Patience).ToDictionary(offset => offset.TopicPartition, offset => offset.Offset.Value);
        var nexts = own.Nexts();

        // An offset that was never committed is below every other; one that was committed long ago may name what the topic has let go.
        return [.. partitions.Select(partition => new Waiting(
            partition, nexts.TryGetValue(partition.Partition, out var next) ? next : Math.Max(committed[partition], firsts[partition]), ends[partition]))];
    }

    private Dictionary<TopicPartition, long> ReadOffsets(IReadOnlyList<TopicPartition> partitions, Offset which) => reader
        .OffsetsForTimes(partitions.Select(partition => new TopicPartitionTimestamp(partition, new Timestamp(which, TimestampType.CreateTime))), Topic.Patience)
        .ToDictionary(offset => offset.TopicPartition, offset => offset.Offset.Value);

    private List<QueueItem> Read(int limit)
    {
        var start = clock.GetTimestamp();
        var ranges = ReadRanges().Where(range => range.Length > 0).ToList();
        var lanes = new Lanes();
        ranges.ForEach(range => lanes.Open(range.Partition.Partition));
        reader.Assign(ranges.Select(range => new TopicPartitionOffset(range.Partition, range.Next)));
        try
        {
            while (ranges.Exists(range => lanes.All[range.Partition.Partition] is var lane && lane.Count < limit && !(lane.Position >= range.End)))
            {
                if (clock.GetElapsedTime(start) > Topic.Patience)
                {
                    throw new KafkaException(ErrorCode.Local_TimedOut);
                }

                Keep(reader.Consume(Topic.Patience), lanes);
            }
        }
        finally
        {
            reader.Unassign();
        }

        return lanes.Take(limit);
    }

    private static void Keep(ConsumeResult<Ignore, byte[]>? message, Lanes lanes)
    {
        if (message is { IsPartitionEOF: true })
        {
            lanes.All[message.Partition].ReachEnd(message.Offset);
        }
        else if (message is not null)
        {
            lanes.All[message.Partition].Add(message.Offset, ItemJson.Read(message.Message.Value));
        }
    }

    /// <summary>What waits in a partition.</summary>
    /// <param name="Next">The first offset that is not handed out.</param>
    /// <param name="End">The offset after the last.</param>
    private sealed record Waiting(TopicPartition Partition, long Next, long End)
    {
        /// <summary>What was handed out since the end was asked for does not count.</summary>
        public long Length => Math.Max(0, End - Next);
    }
}
