using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Refinery.Host;

namespace Refinery.Tests.Host;

/// <summary>The table people read, README.md, and <c>/api/config</c> say what the options classes are.</summary>
public sealed partial class OptionsTableTests
{
    /// <summary>What no options class has: the flags, and the settings of the plugins that are delivered.</summary>
    private static readonly string[] Elsewhere =
    [
        "FeatureManagement__Metrics", "FeatureManagement__Kafka", "QUEUE_FILE", "QUEUE_TABLE", "REDIS_URL", "REDIS_KEY",
        "KAFKA_BROKERS", "KAFKA_TOPIC", "KAFKA_GROUP", "KAFKA_CONFIG",
        "KUBECONFIG", "KUBERNETES_NAMESPACE", "KUBERNETES_FILES_URL", "KUBERNETES_TOKEN_SECRET",
    ];

    /// <summary>What is worked out when the process starts, or takes the place of an unset one.</summary>
    private static readonly string[] WorkedOut = ["PLUGINS_DIR", "FLEET_Q_MAX_PARALLELISM", "LEVIATHAN_BACKEND", "LEVIATHAN_EVENTS_PATH", "CHECKPOINT_KEY_FILE"];

    [Fact]
    public void The_table_has_a_row_for_every_option_and_for_nothing_else() =>
        Assert.Equal(Options().Keys.Concat(Elsewhere).Order(StringComparer.Ordinal), Rows().Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Every_row_says_the_default_that_the_class_has()
    {
        var rows = Rows();

        var faults = Options()
            .Where(option => !WorkedOut.Contains(option.Key, StringComparer.Ordinal) && !Says(rows[option.Key], option.Value))
            .Select(option => $"{option.Key} is {option.Value ?? "null"} by default and the table says {rows[option.Key]}");

        Assert.Empty(faults);
    }

    [Fact]
    public async Task The_configuration_shows_what_is_set()
    {
        await using var host = await RefineryHost.StartAsync(
            ("STRATEGY", "upgrade"), ("TARGET_PYTHON", "cp39"), ("TARGET_PLATFORM", "linux_s390x"), ("INDEX_URL", "https://index.example.org/simple"),
            ("EXTRA_INDEX_URLS", "https://more.example.org/simple"), ("FIND_LINKS", "/srv/sdists"), ("LOCAL_WORKER", "0"), ("WORKER_TOKEN", "t"),
            ("ARTIFACT_MAX_MB", "7"), ("FeatureManagement:Metrics", "true"));

        var config = await host.GetAsync("/api/config");

        Assert.Equal("upgrade", config.GetProperty("strategy").GetString());
        Assert.Equal("""{"python":"cp39","platform_tag":"linux_s390x"}""", config.GetProperty("target").GetRawText());
        Assert.Equal(
            """{"index_url":"https://index.example.org/simple","extra_index_urls":["https://more.example.org/simple"],"find_links":["/srv/sdists"]}""",
            config.GetProperty("index").GetRawText());
        Assert.Equal("""{"mode":"none","token_required":true}""", config.GetProperty("worker").GetRawText());
        Assert.Equal("""{"kafka":false,"metrics":true}""", config.GetProperty("features").GetRawText());
        Assert.Equal(7 << 20, config.GetProperty("limits").GetProperty("body_bytes_by_route").GetProperty("PUT /api/artifacts/sha256/{digest}").GetInt64());
        Assert.Equal(new HostOptions().QueueBackend, config.GetProperty("queue_backend").GetString());
    }

    /// <summary>An unset one is told in words, a set one as it would be written.</summary>
    private static bool Says(string cell, string? value) => string.IsNullOrEmpty(value)
        ? cell is "none" or "unset" || cell.Contains(' ', StringComparison.Ordinal)
        : cell.Trim('`') == value || cell.Trim('`') == "./" + value;

    /// <summary>Every option by its name, with its default as text.</summary>
    private static SortedDictionary<string, string?> Options()
    {
        var options =
            from assembly in Modules.All.Select(module => module.GetType().Assembly).Distinct()
            from type in assembly.GetTypes()
            where type.Name.EndsWith("Options", StringComparison.Ordinal)
            from property in type.GetProperties()
            let name = property.GetCustomAttribute<ConfigurationKeyNameAttribute>()?.Name
            where name is not null
            select (name, Value: Convert.ToString(property.GetValue(Activator.CreateInstance(type)), CultureInfo.InvariantCulture));
        return new(options.DistinctBy(option => option.name).ToDictionary(option => option.name, option => (string?)option.Value, StringComparer.Ordinal), StringComparer.Ordinal);
    }

    private static Dictionary<string, string> Rows()
    {
        var readme = File.ReadAllText(Path.Combine(Paths.Repository, "README.md"));
        return readme[readme.IndexOf("## Options", StringComparison.Ordinal)..readme.IndexOf("## Plugins", StringComparison.Ordinal)].Split('\n')
            .Select(line => Row().Match(line)).Where(match => match.Success)
            .ToDictionary(match => match.Groups["name"].Value, match => match.Groups["default"].Value.Trim(), StringComparer.Ordinal);
    }

    [GeneratedRegex(@"^\| `(?<name>[A-Za-z0-9_]+)` \| (?<default>[^|]*\S[^|]*) \| [^|]*\S[^|]* \|$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Row();
}
