using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Refinery.Contract;
using Refinery.KafkaQueue;
using Refinery.Tests.Plugins;

namespace Refinery.Tests.KafkaQueue;

/// <summary>What the settings must be, and that no password shows in what is said about them.</summary>
public sealed class KafkaSettingsTests
{
    private const string Secret = "hunter2";

    [Fact]
    public void Brokers_alone_are_enough()
    {
        var settings = Read(("KAFKA_BROKERS", " a.example:9092, [::1]:9093 "));

        Assert.Equal(("a.example:9092,[::1]:9093", "refinery-queue", "refinery"), (settings.Brokers, settings.Topic, settings.Group));
        Assert.Empty(settings.Further);
    }

    [Fact]
    public void Further_settings_are_pairs_whose_values_may_hold_blanks_and_equals_signs()
    {
        var settings = Read(("KAFKA_BROKERS", "a:1"), ("KAFKA_CONFIG", "security.protocol=sasl_ssl; sasl.username=bob ;sasl.password=a b=c;;"));

        Assert.Equal(["sasl_ssl", "bob", "a b=c"], settings.Further.Values);
    }

    [Theory]
    [InlineData(null, "QUEUE_BACKEND is kafka, but KAFKA_BROKERS is not set; host:port is expected, several separated by commas.")]
    [InlineData(" ", "QUEUE_BACKEND is kafka, but KAFKA_BROKERS is not set; host:port is expected, several separated by commas.")]
    [InlineData("a", "KAFKA_BROKERS holds 'a'; host:port is expected, several separated by commas.")]
    [InlineData("a:1,", "KAFKA_BROKERS holds ''; host:port is expected, several separated by commas.")]
    [InlineData("a:1 b:2", "KAFKA_BROKERS holds 'a:1 b:2'; host:port is expected, several separated by commas.")]
    [InlineData("kafka://a:1", "KAFKA_BROKERS holds 'kafka://a:1'; host:port is expected, several separated by commas.")]
    [InlineData(
        $"sasl://bob:{Secret}@kafka:9092",
        "KAFKA_BROKERS holds a user or password; host:port is expected, several separated by commas, and sasl.username and sasl.password in KAFKA_CONFIG.")]
    public void Brokers_that_are_none_are_refused(string? brokers, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<PluginException>(() => Read(("KAFKA_BROKERS", brokers))).Message);

    [Fact]
    public void A_topic_with_other_letters_is_refused() => Assert.Equal(
        "KAFKA_TOPIC 'my queue' must be 1 to 249 letters, digits or . _ -.",
        Assert.Throws<PluginException>(() => Read(("KAFKA_BROKERS", "a:1"), ("KAFKA_TOPIC", "my queue"))).Message);

    [Theory]
    [InlineData($"sasl.password {Secret}", "KAFKA_CONFIG has a part without '='; key=value is expected, several separated by semicolons.")]
    [InlineData($"={Secret}", "KAFKA_CONFIG has a part without '='; key=value is expected, several separated by semicolons.")]
    [InlineData("group.id=mine", "KAFKA_CONFIG has 'group.id', which is Refinery's to set; leave it out.")]
    public void Further_settings_that_are_none_are_refused(string further, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<PluginException>(() => Read(("KAFKA_BROKERS", "a:1"), ("KAFKA_CONFIG", further))).Message);

    [Theory]
    [InlineData($"sasl.pasword={Secret}", "sasl.pasword")]
    [InlineData($"linger.ms=5;security.protocol={Secret}", "security.protocol")]
    [InlineData("linger.ms=5;acks=1", "acks")]
    [InlineData($"sasl.mechanism=OAUTHBEARER;security.protocol=sasl_plaintext;enable.sasl.oauthbearer.unsecure.jwt=true;sasl.oauthbearer.config={Secret}", null)]
    public async Task What_librdkafka_refuses_is_named_without_its_value(string further, string? named)
    {
        using var log = new RecordedLog();
        var configuration = Configuration(("KAFKA_BROKERS", "127.0.0.1:1"), ("KAFKA_CONFIG", further));

        var fault = await Record.ExceptionAsync(async () =>
            await (await new KafkaQueuePlugin().OpenAsync(new(configuration, Path.GetTempPath(), TimeProvider.System, log), CancellationToken.None)).DisposeAsync());

        Assert.DoesNotContain(log.Warnings, line => line.Contains(Secret, StringComparison.Ordinal));
        Assert.DoesNotContain(Secret, $"{fault}", StringComparison.Ordinal);
        Assert.True(named is null || fault is PluginException, $"{fault}");
        Assert.True(
            named is null || fault?.Message == $"KAFKA_CONFIG has '{named}', which librdkafka does not take with this value; its page CONFIGURATION says what it takes.",
            fault?.Message);
    }

    [Fact]
    public void A_library_that_is_not_there_is_named_with_its_package() => Assert.Equal(
        "QUEUE_BACKEND 'kafka' needs the library 'librdkafka.so.none', which cannot be loaded; on Debian install the package librdkafka1.",
        Assert.Throws<PluginException>(() => KafkaLibrary.Find("librdkafka.so.none")).Message);

    [Fact]
    public void The_systems_own_library_is_used()
    {
        KafkaLibrary.Load();

        Assert.Contains("librdkafka.so.1", File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
        Assert.NotEmpty(Library.VersionString);
    }

    private static KafkaSettings Read(params (string Name, string? Value)[] settings) => KafkaSettings.Read(Configuration(settings));

    private static IConfiguration Configuration(params (string Name, string? Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, setting.Value))).Build();
}
