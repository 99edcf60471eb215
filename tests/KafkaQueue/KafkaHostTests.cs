using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Confluent.Kafka;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Contract;
using Refinery.Host.Plugins;
using Refinery.Tests.Chaos;
using Refinery.Tests.Plugins;

namespace Refinery.Tests.KafkaQueue;

/// <summary>The real host over a topic.</summary>
public sealed class KafkaHostTests : IAsyncLifetime
{
    private readonly KafkaYard yard = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => yard.DisposeAsync();

    [Fact]
    public async Task Steps_go_through_the_topic()
    {
        var settings = yard.NewMockSettings();
        await using var watcher = await WatchAsync(settings);
        await using var host = await StartAsync(settings, ("LOCAL_WORKER", "0"));
        var stepIds = new List<string>();
        for (var number = 0; number < 20; number++)
        {
            stepIds.Add(await host.SubmitAsync());
        }

        var seen = await watcher.ListAsync(100, CancellationToken.None);
        var claimed = new List<string>();
        while (claimed.Count < stepIds.Count)
        {
            claimed.AddRange((await host.ClaimAsync("pod-a", max: 3, waitSeconds: 30)).Select(step => step.GetProperty("step_id").GetString()!));
        }

        Assert.Equal(stepIds.Order(StringComparer.Ordinal), seen.Select(item => item.StepId).Order(StringComparer.Ordinal));
        Assert.Equal(stepIds.Order(StringComparer.Ordinal), claimed.Order(StringComparer.Ordinal));

        // What was claimed before the group had let this host in lies in the topic still, and goes by with the next pops.
        await Wait.UntilAsync(async () =>
        {
            await host.SubmitAsync();
            await host.ClaimAsync("pod-a", max: 30, waitSeconds: 1);
            return (await host.Services.GetRequiredService<IQueueBackend>().StatsAsync(CancellationToken.None)).Length == 0;
        });
        Assert.Equal("kafka", (await host.GetAsync("/api/config")).GetProperty("queue_backend").GetString());
    }

    [Fact]
    public async Task Steps_run_and_end_also_while_the_brokers_are_away()
    {
        var settings = yard.NewMockSettings();
        await using var watcher = await WatchAsync(settings);
        await using var host = await StartAsync(settings);
        var stepIds = new List<string>();
        await SubmitManyAsync(host, stepIds);

        yard.Mock.GoAway();
        await SubmitManyAsync(host, stepIds);
        await UntilCompletedAsync(host, stepIds);
        await Wait.UntilAsync(async () => await ReadyAsync(host) == HttpStatusCode.ServiceUnavailable);
        yard.Mock.ComeBack();
        await Wait.UntilAsync(async () => await ReadyAsync(host) == HttpStatusCode.OK);
        var before = await LengthAsync(watcher);
        await SubmitManyAsync(host, stepIds);
        await UntilCompletedAsync(host, stepIds);

        await Wait.UntilAsync(async () =>
        {
            await host.SubmitAsync();
            return await LengthAsync(watcher) > before;
        });
    }

    [Fact]
    public async Task Two_hosts_of_one_group_do_each_step_once()
    {
        var settings = yard.NewMockSettings();
        await using var first = await StartAsync(settings);
        await using var second = await StartAsync(settings);
        var (ofFirst, ofSecond) = (new List<string>(), new List<string>());
        await Task.WhenAll(SubmitManyAsync(first, ofFirst), SubmitManyAsync(second, ofSecond));

        await UntilCompletedAsync(first, ofFirst);
        await UntilCompletedAsync(second, ofSecond);
    }

    [Fact]
    public async Task A_foreign_message_is_passed_over_and_named_once()
    {
        var settings = yard.NewMockSettings();
        await using var queue = await yard.OpenAsync(settings);
        using (var stranger = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = settings["KAFKA_BROKERS"] }).Build())
        {
            await stranger.ProduceAsync(settings["KAFKA_TOPIC"], new() { Value = "{\"step_id\":\"s\"}" });
        }

        await queue.EnqueueAsync(QueueFolder.Items(20), CancellationToken.None);
        await Wait.UntilAsync(async () => (await queue.PopAsync(100, TimeSpan.FromMilliseconds(20), CancellationToken.None)).Count == 0);
        await Wait.UntilAsync(() => Task.FromResult(yard.Log.Warnings.Count > 0));

        Assert.Equal(0, (await queue.StatsAsync(CancellationToken.None)).Length);
        Assert.Contains("is no queue item and was passed over", Assert.Single(yard.Log.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kafka_cannot_be_cleared()
    {
        var settings = yard.NewMockSettings();
        await using var host = await StartAsync(settings, ("LOCAL_WORKER", "0"));
        await host.PostAsync("/api/queue/enqueue", new { package = "pkg" });

        using var refused = await host.Http.PostAsync("/api/queue/clear", content: null);

        Assert.Equal(HttpStatusCode.NotImplemented, refused.StatusCode);
        Assert.Equal("not_supported", (await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error_type").GetString());
        Assert.Equal(1, (await host.GetAsync("/api/queue/stats")).GetProperty("length").GetInt32());
        await Assert.ThrowsAsync<NotSupportedException>(() => host.Services.GetRequiredService<IQueueBackend>().ClearAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Without_the_flag_the_host_refuses()
    {
        var fault = await Assert.ThrowsAsync<PluginLoadException>(() => RefineryHost.StartAsync(("QUEUE_BACKEND", "kafka"), ("KAFKA_BROKERS", "127.0.0.1:9092")));

        Assert.Equal("QUEUE_BACKEND 'kafka' needs the flag Kafka; set FeatureManagement__Kafka=true.", fault.Message);
    }

    [Fact]
    public async Task Without_brokers_the_host_refuses()
    {
        var fault = await Assert.ThrowsAsync<PluginException>(() => RefineryHost.StartAsync(("QUEUE_BACKEND", "kafka"), ("FeatureManagement:Kafka", "true"), ("KAFKA_BROKERS", "")));

        Assert.Equal("QUEUE_BACKEND is kafka, but KAFKA_BROKERS is not set; host:port is expected, several separated by commas.", fault.Message);
    }

    private static Task<RefineryHost> StartAsync(Dictionary<string, string?> settings, params (string Name, string Value)[] more) => RefineryHost.StartAsync(
        [("QUEUE_BACKEND", "kafka"), ("FeatureManagement:Kafka", "true"), .. settings.Select(setting => (setting.Key, setting.Value!)), .. more]);

    /// <summary>A backend in a group of its own, which sees every item that was ever added.</summary>
    private Task<IQueueBackend> WatchAsync(Dictionary<string, string?> settings) =>
        yard.OpenAsync(new Dictionary<string, string?>(settings, StringComparer.Ordinal) { ["KAFKA_GROUP"] = "watcher" });

    private static async Task<HttpStatusCode> ReadyAsync(RefineryHost host)
    {
        using var ready = await host.Http.GetAsync("/api/ready");
        return ready.StatusCode;
    }

    private static async Task SubmitManyAsync(RefineryHost host, List<string> stepIds)
    {
        for (var number = 0; number < 25; number++)
        {
            stepIds.Add(await host.SubmitAsync(new { type = "hello_world", args = new { } }));
        }
    }

    private static async Task UntilCompletedAsync(RefineryHost host, List<string> stepIds)
    {
        foreach (var stepId in stepIds)
        {
            await host.UntilCompletedAsync(stepId);
        }
    }

    private static async Task<long> LengthAsync(IQueueBackend watcher)
    {
        var length = -1L;
        await Wait.UntilAsync(async () =>
        {
            try
            {
                length = (await watcher.StatsAsync(CancellationToken.None)).Length;
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        });
        return length;
    }
}
