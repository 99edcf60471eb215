using System.Text.RegularExpressions;
using Refinery.Tests.Builds;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Refinery.Tests.Deploy;

/// <summary>What must hold of compose.yml, and what compose itself says of it where it is installed.</summary>
public sealed partial class ComposeTests
{
    private static readonly string[] Secrets = ["POSTGRES_PASSWORD", "REDIS_PASSWORD", "WORKER_TOKEN"];

    private static readonly string Place = Path.Combine(Paths.Repository, "compose.yml");

    [Fact]
    public void Every_service_has_a_health_check() =>
        Assert.All(Services(), service => Assert.True(((Dictionary<object, object>)service.Value["healthcheck"]).ContainsKey("test"), service.Key));

    [Fact]
    public void Redis_and_redpanda_start_with_their_profiles_alone() =>
        Assert.Equal(
            ["redis: redis", "redpanda: kafka"],
            Services().Where(service => service.Value.ContainsKey("profiles")).Select(service => $"{service.Key}: {string.Join(' ', (List<object>)service.Value["profiles"])}"));

    [Fact]
    public void The_origin_alone_is_reached_from_outside() =>
        Assert.Equal(["origin 8080:8080"], Services().Where(service => service.Value.ContainsKey("ports")).SelectMany(service => ((List<object>)service.Value["ports"]).Select(port => $"{service.Key} {port}")));

    [Fact]
    public void No_secret_stands_in_it()
    {
        var secrets = Services()
            .SelectMany(service => service.Value.GetValueOrDefault("environment") as Dictionary<object, object> ?? [])
            .Where(setting => SecretName().IsMatch($"{setting.Key}"))
            .ToList();

        Assert.NotEmpty(secrets);
        Assert.All(secrets, secret => Assert.Matches(Asked(), $"{secret.Value}"));
        Assert.DoesNotMatch(@"://[^/\s$]*:(?!\$\{)[^/\s]+@", File.ReadAllText(Place));
    }

    [Fact]
    public void Whatever_it_asks_for_is_in_the_example_and_has_no_value_there()
    {
        var asked = Asked().Matches(File.ReadAllText(Place)).Select(match => match.Groups["name"].Value).Distinct(StringComparer.Ordinal).ToList();

        var example = File.ReadAllLines(Path.Combine(Paths.Repository, ".env.example"));

        Assert.Equal(Secrets.Order(StringComparer.Ordinal), asked.Order(StringComparer.Ordinal));
        Assert.All(asked, name => Assert.Contains($"{name}=", example));
    }

    [ComposeFact]
    public async Task Compose_takes_it()
    {
        var (code, output) = await ComposeAsync(secret: "0123456789abcdef", "config", "--services");

        Assert.True(code == 0, output);
        Assert.Equal(
            ["host-1", "host-2", "origin", "postgres", "redis", "redpanda", "worker"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [ComposeFact]
    public async Task Without_a_secret_compose_says_which_is_to_be_set()
    {
        var (code, output) = await ComposeAsync(secret: string.Empty, "config");

        Assert.NotEqual(0, code);
        Assert.Contains("set POSTGRES_PASSWORD in .env", output, StringComparison.Ordinal);
    }

    private static Task<(int Code, string Output)> ComposeAsync(string secret, params string[] words) => Tool.TryAsync(
        "env", [.. Secrets.Select(name => $"{name}={secret}"), ComposeFactAttribute.Program, "-f", Place, .. words]);

    private static Dictionary<string, Dictionary<string, object>> Services()
    {
        using var text = new StreamReader(Place);
        return new DeserializerBuilder().IgnoreUnmatchedProperties().Build().Deserialize<Composition>(new MergingParser(new Parser(text))).Services;
    }

    [GeneratedRegex("PASSWORD|TOKEN|SECRET|AUTH$|DSN|REDIS_URL", RegexOptions.ExplicitCapture)]
    private static partial Regex SecretName();

    [GeneratedRegex(@"\$\{(?<name>[A-Z_]+):\?[^}]+\}", RegexOptions.ExplicitCapture)]
    private static partial Regex Asked();
}

/// <summary>The file as far as it is looked at.</summary>
internal sealed class Composition
{
    [YamlMember(Alias = "services")]
    public Dictionary<string, Dictionary<string, object>> Services { get; set; } = [];
}

/// <summary>Runs where compose is installed, and fails without it in continuous integration.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ComposeFactAttribute : FactAttribute
{
    public const string Program = "/usr/bin/docker-compose";

    public ComposeFactAttribute() => Skip = File.Exists(Program) || Environment.GetEnvironmentVariable("CI") is { Length: > 0 } ? null : "Debian's package 'docker-compose' is not installed.";
}
