using Refinery.Tests.KafkaQueue;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Plugins;

/// <summary>A folder of books and the four delivered queues beside it, each with a store of its own.</summary>
internal sealed class QueueStores : IAsyncDisposable
{
    private readonly KafkaYard kafka = new();
    private readonly Dictionary<string, string?> topic;
    private readonly string key = $"stores-{Guid.NewGuid():N}";

    /// <param name="onPostgres">Where the books are; the queue <c>postgres</c> needs them there.</param>
    public QueueStores(bool onPostgres)
    {
        topic = kafka.NewMockSettings();
        Books = onPostgres ? [("POSTGRES_DSN", PostgresEngine.ConnectionStringOf(Folder))] : [];
    }

    /// <summary>The DATA_DIR.</summary>
    public TemporaryFolder Folder { get; } = new();

    private (string Name, string Value)[] Books { get; }

    /// <summary>What every host and command needs to find the stores.</summary>
    public (string Name, string Value)[] Settings =>
    [
        .. Books, ("REDIS_URL", RedisServer.SharedUrl), ("REDIS_KEY", key), ("LOCAL_WORKER", "0"), ("HINT_CATALOGUE", "0"), ("FeatureManagement__Kafka", "true"), ("FLEET_Q_LEASE_SEC", "600"),
        .. topic.Select(setting => (setting.Key, setting.Value!)),
    ];

    /// <summary>Starts a host over the books with one of the queues.</summary>
    public Task<RefineryHost> StartAsync(string backend) =>
        RefineryHost.StartAsync(Folder, [.. Settings, ("FeatureManagement:Kafka", "true"), ("QUEUE_BACKEND", backend)]);

    /// <summary>Runs the program over the books to its end.</summary>
    public async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        await using var run = HostRun.Start(Folder, arguments, [.. Settings, ("DATA_DIR", Folder.Path)]);
        return (await run.ExitAsync(), run.Output.TrimEnd(), run.Errors.TrimEnd());
    }

    public async ValueTask DisposeAsync()
    {
        await kafka.DisposeAsync();
        Folder.Dispose();
    }
}
