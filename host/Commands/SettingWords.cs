using System.Reflection;
using Refinery.Kernel.Web;

namespace Refinery.Host.Commands;

/// <summary>Settings given as <c>--NAME value</c>; a name that nobody reads is a mistake and not a setting.</summary>
internal static class SettingWords
{
    /// <summary>What ASP.NET itself reads.</summary>
    private static readonly HashSet<string> Hosting = new(StringComparer.OrdinalIgnoreCase) { "urls", "environment", "http_ports", "https_ports", "AllowedHosts" };

    /// <summary>Sections whose members are named with a colon, as <c>Logging:LogLevel:Default</c>.</summary>
    private static readonly HashSet<string> Sections = new(StringComparer.OrdinalIgnoreCase) { "Logging", "Kestrel", "FeatureManagement" };

    private static readonly Lazy<HashSet<string>> Ours = new(() => new(Names(), StringComparer.OrdinalIgnoreCase));

    /// <summary>True for what looks like an option, whether it is one or not.</summary>
    public static bool IsOption(string word) => word.StartsWith('-') || word.StartsWith('/') || word.Contains('=', StringComparison.Ordinal);

    /// <summary>The words as they are, once each is a known setting with its value.</summary>
    /// <param name="verb">For the sentence.</param>
    /// <exception cref="StartupException">A word is no setting, or one has no value.</exception>
    public static string[] Read(IReadOnlyList<string> words, string verb)
    {
        for (var index = 0; index < words.Count; index++)
        {
            var word = words[index];
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            if (!IsOption(word) || !IsKnown(Name(equals < 0 ? word : word[..equals])))
            {
                throw new StartupException($"{Errors.Quote(word)} is no option of {verb}; settings as --NAME value are expected, for example --DATA_DIR data.");
            }

            if (equals < 0 && ++index == words.Count)
            {
                throw new StartupException($"{Errors.Quote(word)} has no value; one is expected behind it.");
            }
        }

        return [.. words];
    }

    private static string Name(string word) =>
        word.StartsWith("--", StringComparison.Ordinal) ? word[2..] : word.StartsWith('/') ? word[1..] : word;

    private static bool IsKnown(string name) =>
        Ours.Value.Contains(name) || Hosting.Contains(name) || (name.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && Sections.Contains(name[..colon]));

    /// <summary>The names that options classes are bound by, and those of the queues that are delivered.</summary>
    private static IEnumerable<string> Names() => Modules.All
        .Select(module => module.GetType().Assembly)
        .Distinct()
        .SelectMany(assembly => assembly.GetTypes())
        .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal))
        .SelectMany(type => type.GetProperties())
        .Select(property => property.GetCustomAttribute<ConfigurationKeyNameAttribute>()?.Name)
        .OfType<string>()
        .Concat(["QUEUE_FILE", "QUEUE_TABLE", "REDIS_URL", "REDIS_KEY", "KAFKA_BROKERS", "KAFKA_TOPIC", "KAFKA_GROUP", "KAFKA_CONFIG"]);
}
