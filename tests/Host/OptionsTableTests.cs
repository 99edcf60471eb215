using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Refinery.Host;

namespace Refinery.Tests.Host;

/// <summary>Every option stands in the table people read: README.md.</summary>
public sealed partial class OptionsTableTests
{
    [Fact]
    public void Every_option_has_a_row_with_its_default_and_its_meaning()
    {
        var rows = Rows();

        var missing = Options().Where(name => !rows.Contains(name)).ToList();

        Assert.Equal(string.Empty, string.Join(' ', missing));
    }

    private static IEnumerable<string> Options() => Modules.All
        .Select(module => module.GetType().Assembly)
        .Distinct()
        .SelectMany(assembly => assembly.GetTypes())
        .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal))
        .SelectMany(type => type.GetProperties())
        .Select(property => property.GetCustomAttribute<ConfigurationKeyNameAttribute>()?.Name)
        .OfType<string>()
        .Distinct(StringComparer.Ordinal)
        .Order(StringComparer.Ordinal);

    private static HashSet<string> Rows() =>
        File.ReadLines(Path.Combine(Paths.Repository, "README.md"))
            .Select(line => Row().Match(line)).Where(match => match.Success).Select(match => match.Groups["name"].Value)
            .ToHashSet(StringComparer.Ordinal);

    [GeneratedRegex(@"^\| `(?<name>[A-Za-z0-9_]+)` \| [^|]*\S[^|]* \| [^|]*\S[^|]* \|$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Row();
}
