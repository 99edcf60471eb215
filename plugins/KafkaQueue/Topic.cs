using Confluent.Kafka;

namespace Refinery.KafkaQueue;

/// <summary>The topic as the brokers know it.</summary>
internal sealed class Topic(IAdminClient client, string name)
{
    /// <summary>How long one question to the brokers may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public string Name => name;

    /// <summary>Its partitions. Where the brokers allow it, the question makes a topic that is not there.</summary>
    /// <exception cref="KafkaException">No broker answers, or the topic is not there (yet).</exception>
    public IReadOnlyList<TopicPartition> ReadPartitions()
    {
        var topic = client.GetMetadata(name, Patience).Topics.Single();
        return topic.Error.IsError
            ? throw new KafkaException(topic.Error)
            : [.. topic.Partitions.Select(partition => new TopicPartition(name, partition.PartitionId))];
    }
}
