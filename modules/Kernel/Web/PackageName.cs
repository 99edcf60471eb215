using System.Text.RegularExpressions;

namespace Refinery.Kernel.Web;

/// <summary>Package names as PEP 503 compares them.</summary>
public static partial class PackageName
{
    /// <summary>Lower case, with every run of <c>-</c>, <c>_</c> and <c>.</c> as one <c>-</c>: <c>Foo__Bar.baz</c> is <c>foo-bar-baz</c>.</summary>
    public static string Normalize(string name) => Separators().Replace(name, "-").ToLowerInvariant();

    /// <summary>Why a text is no package name, in one sentence; null when it is one.</summary>
    public static string? Fault(string name, string field = "package") => name.Length <= 214 && Valid().IsMatch(name)
        ? null
        : $"The field '{field}' is {Errors.Quote(name)}; a package name of letters, digits, '.', '_' and '-' is expected, at most 214 characters.";

    /// <summary>Why a text cannot be a version, in one sentence; null when it can.</summary>
    public static string? VersionFault(string version, string field = "version") => version.Length <= 128 && Version().IsMatch(version)
        ? null
        : $"The field '{field}' is {Errors.Quote(version)}; a version such as 2.1.5 is expected, at most 128 characters.";

    [GeneratedRegex("^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Valid();

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9.!+_-]*\\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Version();

    [GeneratedRegex("[-_.]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Separators();
}
