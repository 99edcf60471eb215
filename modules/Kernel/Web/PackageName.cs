using System.Text.RegularExpressions;

namespace Refinery.Kernel.Web;

/// <summary>Package names as PEP 503 compares them.</summary>
public static partial class PackageName
{
    /// <summary>Lower case, with every run of <c>-</c>, <c>_</c> and <c>.</c> as one <c>-</c>: <c>Foo__Bar.baz</c> is <c>foo-bar-baz</c>.</summary>
    public static string Normalize(string name) => Separators().Replace(name, "-").ToLowerInvariant();

    [GeneratedRegex("[-_.]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Separators();
}
