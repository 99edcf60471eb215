using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Refinery.Contract;

namespace Refinery.KafkaQueue;

/// <summary>What the environment says about Kafka.</summary>
/// <param name="Brokers">Where to ask first: <c>host:port</c>, comma-separated.</param>
/// <param name="Topic">The topic that holds the items.</param>
/// <param name="Group">The consumer group whose members share them.</param>
/// <param name="Further">What else librdkafka is to be told, by its own names; may hold passwords.</param>
internal sealed partial record KafkaSettings(string Brokers, string Topic, string Group, IReadOnlyDictionary<string, string> Further)
{
    private const string BrokersSetting = "KAFKA_BROKERS";
    private const string FurtherSetting = "KAFKA_CONFIG";

    /// <summary>On these the queue's promises rest.</summary>
    private static readonly string[] Own =
    [
        "bootstrap.servers", "metadata.broker.list", "group.id", "enable.auto.commit", "enable.auto.offset.store", "enable.partition.eof", "auto.offset.reset",
    ];

    /// <summary>Between these librdkafka names a setting.</summary>
    private static readonly char[] Quotes = ['"', '`'];

    /// <summary>Reads them.</summary>
    /// <exception cref="PluginException">One is wrong or missing; the sentence shows no value that could be a password.</exception>
    public static KafkaSettings Read(IConfiguration configuration)
    {
        var topic = Text(configuration, "KAFKA_TOPIC") ?? "refinery-queue";
        return TopicName().IsMatch(topic)
            ? new(ReadBrokers(configuration), topic, Text(configuration, "KAFKA_GROUP") ?? "refinery", ReadFurther(Text(configuration, FurtherSetting) ?? string.Empty))
            : throw new PluginException($"KAFKA_TOPIC '{topic}' must be 1 to 249 letters, digits or . _ -.");
    }

    /// <summary>The sentence about what librdkafka does not take.</summary>
    /// <param name="said">Its own words, which may quote a password: they are searched for names only.</param>
    public PluginException Refused(string said)
    {
        var named = Further.Keys.FirstOrDefault(key => Array.Exists(Quotes, quote => said.Contains($"{quote}{key}{quote}", StringComparison.Ordinal)))
            ?? string.Join(", ", Further.Keys);
        return new($"{FurtherSetting} has '{named}', which librdkafka does not take with this value; its page CONFIGURATION says what it takes.");
    }

    private static string ReadBrokers(IConfiguration configuration)
    {
        var brokers = (Text(configuration, BrokersSetting) ?? throw new PluginException(
            $"QUEUE_BACKEND is kafka, but {BrokersSetting} is not set; host:port is expected, several separated by commas.")).Split(',', StringSplitOptions.TrimEntries);
        var odd = Array.Find(brokers, broker => !Broker().IsMatch(broker));
        return odd is null ? string.Join(',', brokers)
            : odd.Contains('@', StringComparison.Ordinal) ? throw new PluginException(
                $"{BrokersSetting} holds a user or password; host:port is expected, several separated by commas, and sasl.username and sasl.password in {FurtherSetting}.")
            : throw new PluginException($"{BrokersSetting} holds '{odd}'; host:port is expected, several separated by commas.");
    }

    private static Dictionary<string, string> ReadFurther(string text)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (pair.Split('=', 2) is not [{ Length: > 0 } key, var value])
            {
                throw new PluginException($"{FurtherSetting} has a part without '='; key=value is expected, several separated by semicolons.");
            }

            if (Own.Contains(key, StringComparer.Ordinal))
            {
                throw new PluginException($"{FurtherSetting} has '{key}', which is Refinery's to set; leave it out.");
            }

            pairs[key] = value;
        }

        return pairs;
    }

    private static string? Text(IConfiguration configuration, string name) => string.IsNullOrWhiteSpace(configuration[name]) ? null : configuration[name]?.Trim();

    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,249}\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex TopicName();

    [GeneratedRegex(@"^(\[[0-9A-Fa-f:.]+\]|[^\s:@/\[\]]+):[0-9]{1,5}\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Broker();
}
