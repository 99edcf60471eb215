using Microsoft.Extensions.Configuration;
using Refinery.Contract;
using Refinery.KafkaQueue;
using Refinery.Tests.Plugins;

namespace Refinery.Tests.KafkaQueue;

/// <summary>Brokers for a class of tests: those that <c>KAFKA_BROKERS</c> names, else mock ones. Each queue has a topic and a group of its own.</summary>
public sealed class KafkaYard : IAsyncLifetime
{
    /// <summary>A group takes its first member in after three seconds, whoever serves it: so many queues are joined while tests run.</summary>
    private const int Ahead = 8;

    /// <summary>The mock answers a fetch that finds nothing no earlier than it must, and looks for members that are gone by the session's length.</summary>
    private const string Quick = "fetch.wait.max.ms=10;session.timeout.ms=4000;heartbeat.interval.ms=200";

    private static readonly string? Given = Environment.GetEnvironmentVariable("KAFKA_BROKERS");

    private readonly Queue<OpenedAhead> ahead = [];
    private MockBrokers? mock;

    internal RecordedLog Log { get; } = new();

    /// <summary>Brokers that a test may take away.</summary>
    internal MockBrokers Mock => mock ??= new MockBrokers();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var queue in ahead)
        {
            await queue.DisposeAsync();
        }

        mock?.Dispose();
        Log.Dispose();
    }

    /// <summary>The settings of a queue that nobody has used.</summary>
    public Dictionary<string, string?> NewSettings() => Given is { Length: > 0 } ? Settings(Given, further: null) : NewMockSettings();

    /// <summary>The settings of such a queue in <see cref="Mock"/>.</summary>
    public Dictionary<string, string?> NewMockSettings() => Settings(Mock.Addresses, Quick);

    /// <summary>Opens a backend over settings, as one more host does.</summary>
    public Task<IQueueBackend> OpenAsync(IReadOnlyDictionary<string, string?> settings) => OpenAsync(settings, Log);

    /// <summary>A queue that nobody has used, most often a member already.</summary>
    internal OpenedAhead TakeOpened()
    {
        while (ahead.Count < Ahead)
        {
            ahead.Enqueue(new OpenedAhead(this));
        }

        return ahead.Dequeue();
    }

    internal static Task<IQueueBackend> OpenAsync(IReadOnlyDictionary<string, string?> settings, RecordedLog log) => new KafkaQueuePlugin().OpenAsync(
        new(new ConfigurationBuilder().AddInMemoryCollection(settings).Build(), Path.GetTempPath(), TimeProvider.System, log), CancellationToken.None);

    private static Dictionary<string, string?> Settings(string brokers, string? further)
    {
        var name = $"refinery-{Guid.NewGuid():N}";
        return new(StringComparer.Ordinal) { ["KAFKA_BROKERS"] = brokers, ["KAFKA_TOPIC"] = name, ["KAFKA_GROUP"] = name, ["KAFKA_CONFIG"] = further };
    }
}

/// <summary>The plugin, whose first opening was begun before it was asked for.</summary>
internal sealed class OpenedAhead : IQueuePlugin, IAsyncDisposable
{
    private readonly KafkaQueuePlugin plugin = new();
    private Task<IQueueBackend>? first;

    public OpenedAhead(KafkaYard yard)
    {
        Settings = yard.NewSettings();
        first = JoinAsync(yard.OpenAsync(Settings));
    }

    public IReadOnlyDictionary<string, string?> Settings { get; }

    public string Name => plugin.Name;

    public QueueCapabilities Capabilities => plugin.Capabilities;

    public Task<IQueueBackend> OpenAsync(PluginContext context, CancellationToken cancellationToken)
    {
        var opening = first ?? plugin.OpenAsync(context, cancellationToken);
        first = null;
        return opening;
    }

    private static async Task<IQueueBackend> JoinAsync(Task<IQueueBackend> opening)
    {
        var queue = await opening;
        Assert.Empty(await queue.PopAsync(1, TimeSpan.Zero, CancellationToken.None));
        return queue;
    }

    /// <summary>Closes what was opened for nobody.</summary>
    public async ValueTask DisposeAsync()
    {
        if (first is { } opening)
        {
            await (await opening).DisposeAsync();
        }
    }
}
