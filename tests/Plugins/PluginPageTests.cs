using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Refinery.Contract;
using Refinery.Host.Plugins;

namespace Refinery.Tests.Plugins;

/// <summary>What docs/plugins.md tells a stranger to do works, to the letter.</summary>
[Collection(nameof(BuiltFromPage))]
public sealed class PluginPageTests(BuiltFromPage built)
{
    [Fact]
    public void The_pages_handler_stands_beside_those_delivered() =>
        Assert.Equal(["greet", "hello_world"], new PluginHost(built.Plugins).LoadHandlers().Select(handler => handler.Type).Order(StringComparer.Ordinal));

    [Fact]
    public void The_contract_is_not_copied_into_a_plugins_folder()
    {
        Assert.Empty(Directory.GetFiles(built.Plugins, "Refinery.Contract.dll", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFiles(Paths.HostPlugins, "Refinery.Contract.dll", SearchOption.AllDirectories));
    }

    [Fact]
    public void The_pages_queue_is_found_by_its_name()
    {
        var plugin = new PluginHost(built.Plugins).LoadQueue("memory", kafkaEnabled: false);

        Assert.Equal("memory", plugin.Name);
        Assert.Equal(QueueCapabilities.Clear | QueueCapabilities.Priority, plugin.Capabilities);
    }

    [Fact]
    public async Task The_pages_queue_reads_its_setting()
    {
        var plugin = new PluginHost(built.Plugins).LoadQueue("memory", kafkaEnabled: false);
        using var log = new RecordedLog();

        var fault = await Assert.ThrowsAsync<PluginException>(() => plugin.OpenAsync(
            new(ConfigurationOf(("MEMORY_QUEUE_LIMIT", "0")), Path.GetTempPath(), TimeProvider.System, log), CancellationToken.None));

        Assert.Equal("MEMORY_QUEUE_LIMIT '0' must be at least 1.", fault.Message);
    }

    [Fact]
    public async Task The_pages_handler_greets()
    {
        var step = new SampleStep("""{"name": "Ada\nLovelace"}""");

        var outcome = await PagesHandler().RunAsync(step, CancellationToken.None);

        Assert.True(outcome.Succeeded);
        Assert.Equal(["Hello, Ada Lovelace!"], step.Lines);
    }

    [Fact]
    public async Task The_pages_handler_refuses_what_it_cannot_greet()
    {
        var outcome = await PagesHandler().RunAsync(new SampleStep("""{"name": 5}"""), CancellationToken.None);

        Assert.Equal((false, false), (outcome.Succeeded, outcome.Retryable));
    }

    [Theory]
    [InlineData("{}", true)]
    [InlineData("""{"message": 5, "sleep_ms": 1, "fail": false}""", true)]
    [InlineData("""{"sleep_ms": "long"}""", true)]
    [InlineData("""{"sleep_ms": 1.5}""", true)]
    [InlineData("""{"fail": true}""", false)]
    public async Task The_delivered_handler_takes_any_arguments(string args, bool succeeds)
    {
        var handler = new PluginHost(Paths.HostPlugins).LoadHandlers().Single(handler => handler.Type == "hello_world");

        var outcome = await handler.RunAsync(new SampleStep(args), CancellationToken.None);

        Assert.Equal(succeeds, outcome.Succeeded);
    }

    [Fact]
    public async Task The_delivered_handler_stops_when_it_is_told()
    {
        var handler = new PluginHost(Paths.HostPlugins).LoadHandlers().Single(handler => handler.Type == "hello_world");
        using var cancel = new CancellationTokenSource();
        var running = handler.RunAsync(new SampleStep("""{"sleep_ms": 3600000}"""), cancel.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private IStepHandler PagesHandler() => new PluginHost(built.Plugins).LoadHandlers().Single(handler => handler.Type == "greet");

    private static ConfigurationManager ConfigurationOf((string Name, string Value) setting)
    {
        var configuration = new ConfigurationManager();
        configuration[setting.Name] = setting.Value;
        return configuration;
    }

    /// <summary>An attempt with these arguments that keeps its log lines.</summary>
    private sealed class SampleStep(string args) : IStepContext
    {
        private static readonly JsonElement Nothing = JsonSerializer.SerializeToElement(new { });

        public List<string> Lines { get; } = [];

        public string StepId => "step_20260101120000_0a1b2c3d";

        public int Attempt => 1;

        public bool IsLastAttempt => true;

        public JsonElement Args { get; } = JsonSerializer.Deserialize<JsonElement>(args);

        public JsonElement Metadata => Nothing;

        public IReadOnlyDictionary<string, IReadOnlyList<string>> Recipes { get; } = new Dictionary<string, IReadOnlyList<string>>();

        public ValueTask LogAsync(string line)
        {
            Lines.Add(line);
            return ValueTask.CompletedTask;
        }

        public string LogTail(int maxBytes) => string.Join('\n', Lines);
    }
}

/// <summary>The page's plugins are built once for the tests that use them.</summary>
[CollectionDefinition(nameof(BuiltFromPage))]
public sealed class BuiltFromPageCollection : ICollectionFixture<BuiltFromPage>;

/// <summary>The page's queue keeps the contract, loaded as a stranger's plugin.</summary>
[Collection(nameof(BuiltFromPage))]
public sealed class MemoryQueueTests(BuiltFromPage built) : QueueBackendContract
{
    protected override IQueuePlugin Plugin { get; } = new PluginHost(built.Plugins).LoadQueue("memory", kafkaEnabled: false);

    protected override bool IsDurable => false;

    protected override IReadOnlyDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>(StringComparer.Ordinal);
}
