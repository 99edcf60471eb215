using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Refinery.Contract;

namespace Refinery.KafkaQueue;

/// <summary>Makes librdkafka's clients. None waits for the brokers: each connects by itself, and again whenever it has to.</summary>
internal sealed partial class KafkaClients(KafkaSettings settings, ILogger logger)
{
    private const string Idempotence = "enable.idempotence";

    public ILogger Logger => logger;

    public string Topic => settings.Topic;

    /// <summary>The client that adds items.</summary>
    /// <remarks>Idempotent: what it sends again, because an answer was lost, the brokers keep once and in its place.</remarks>
    /// <exception cref="PluginException">The settings cannot be used.</exception>
    public IProducer<string, byte[]> Producer() => Build(() =>
    {
        var common = Common();
        common.TryAdd(Idempotence, "true");
        var config = new ProducerConfig(common)
        {
            BootstrapServers = settings.Brokers,
            DeliveryReportFields = "none",
        };
        return new ProducerBuilder<string, byte[]>(config).SetErrorHandler((_, _) => { }).SetLogHandler((_, line) => LogLine(logger, line.Message)).Build();
    });

    /// <summary>The client that asks about the topic.</summary>
    public IAdminClient Admin() => Build(() =>
    {
        var common = Common();
        common.Remove(Idempotence);
        return new AdminClientBuilder(new AdminClientConfig(common) { BootstrapServers = settings.Brokers })
            .SetErrorHandler((_, _) => { }).SetLogHandler((_, line) => LogLine(logger, line.Message)).Build();
    });

    /// <summary>The client that is a member of the group.</summary>
    /// <param name="rebalanced">Hears which partitions became this host's (true) or another's (false).</param>
    /// <param name="failed">Hears what goes wrong in the background.</param>
    public IConsumer<Ignore, byte[]> Member(Action<bool, IEnumerable<int>> rebalanced, Action<Error> failed) => Build(() =>
    {
        // Offsets are stored as items are handed out, and what was stored is committed soon after, at a revocation and at the end.
        var config = Reading();
        config.EnableAutoCommit = true;
        return Builder(config)
            .SetErrorHandler((_, error) => failed(error))
            .SetPartitionsAssignedHandler((_, partitions) => rebalanced(true, partitions.Select(partition => partition.Partition.Value)))
            .SetPartitionsRevokedHandler((_, partitions) => rebalanced(false, partitions.Select(partition => partition.Partition.Value)))
            .Build();
    });

    /// <summary>The client that reads without taking: it asks about the group, but is no member.</summary>
    public IConsumer<Ignore, byte[]> Reader() => Build(() =>
    {
        var config = Reading();
        config.EnableAutoCommit = false;
        config.FetchWaitMaxMs = 10;
        return Builder(config).SetErrorHandler((_, _) => { }).Build();
    });

    private ConsumerBuilder<Ignore, byte[]> Builder(ConsumerConfig config) =>
        new ConsumerBuilder<Ignore, byte[]>(config).SetLogHandler((_, line) => LogLine(logger, line.Message));

    private ConsumerConfig Reading() => new(Common())
    {
        BootstrapServers = settings.Brokers,
        GroupId = settings.Group,
        EnableAutoOffsetStore = false,
        EnablePartitionEof = true,
        AutoOffsetReset = AutoOffsetReset.Earliest,
    };

    /// <summary>One list for all: librdkafka passes over what is not for a client of that kind.</summary>
    private Dictionary<string, string> Common()
    {
        var config = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["client.id"] = "refinery",
            ["acks"] = "all",
            ["linger.ms"] = "1",
            ["message.timeout.ms"] = "5000",
            ["socket.timeout.ms"] = "10000",
            ["reconnect.backoff.max.ms"] = "1000",
            ["auto.commit.interval.ms"] = "200",
            ["session.timeout.ms"] = "10000",
            ["heartbeat.interval.ms"] = "1000",
            ["partition.assignment.strategy"] = "cooperative-sticky",
        };
        foreach (var (key, value) in settings.Further)
        {
            config[key] = value;
        }

        return config;
    }

    private TClient Build<TClient>(Func<TClient> build)
    {
        try
        {
            return build();
        }
        catch (Exception fault) when (fault is KafkaException or InvalidOperationException or ArgumentException && settings.Further.Count > 0)
        {
            throw settings.Refused(fault.Message);
        }
    }

    [LoggerMessage(LogLevel.Debug, "librdkafka: {Line}")]
    private static partial void LogLine(ILogger logger, string line);
}
