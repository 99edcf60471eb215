using Refinery.Contract;

namespace Refinery.KafkaQueue;

/// <summary>The queue in a topic of Kafka: every host is a member of one consumer group.</summary>
public sealed class KafkaQueuePlugin : IQueuePlugin
{
    /// <inheritdoc/>
    public string Name => "kafka";

    /// <inheritdoc/>
    /// <remarks>A partition keeps the order of arrival, and what lies in it cannot be removed.</remarks>
    public QueueCapabilities Capabilities => QueueCapabilities.Shared;

    /// <inheritdoc/>
    /// <remarks>Settings: <c>KAFKA_BROKERS</c>, <c>KAFKA_TOPIC</c>, <c>KAFKA_GROUP</c>, <c>KAFKA_CONFIG</c>. The brokers need not answer yet.</remarks>
    public Task<IQueueBackend> OpenAsync(PluginContext context, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var settings = KafkaSettings.Read(context.Configuration);
        KafkaLibrary.Load();
        var clients = new KafkaClients(settings, context.LoggerFactory.CreateLogger("Refinery.KafkaQueue"));
        return Task.FromResult<IQueueBackend>(KafkaQueueBackend.Open(clients, context.Clock));
    }
}
