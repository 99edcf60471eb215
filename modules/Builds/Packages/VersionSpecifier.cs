using System.Text.RegularExpressions;
using Refinery.Kernel.Web;

namespace Refinery.Builds.Packages;

/// <summary>One clause on a version, such as <c>&gt;=1.2</c>, <c>==2.*</c> or <c>~=1.4.2</c>.</summary>
/// <remarks>Source: PEP 440, "Version specifiers".</remarks>
internal sealed partial class VersionSpecifier
{
    private readonly PepVersion? version;

    private VersionSpecifier(string comparison, string text, PepVersion? version, bool isPrefix)
    {
        Comparison = comparison;
        Text = text;
        this.version = version;
        IsPrefix = isPrefix;
    }

    /// <summary>One of <c>== === != ~= &lt; &lt;= &gt; &gt;=</c>.</summary>
    public string Comparison { get; }

    /// <summary>What stands behind the comparison, as it was written.</summary>
    public string Text { get; }

    /// <summary>Whether it ends in <c>.*</c>.</summary>
    public bool IsPrefix { get; }

    /// <summary>Whether it names one version: <c>==1.0</c> or <c>===1.0</c>.</summary>
    public bool IsExact => Comparison == "===" || (Comparison == "==" && !IsPrefix);

    /// <summary>Whether naming this version asks for pre-releases.</summary>
    public bool AsksForPreReleases => Comparison != "!=" && (version ?? PepVersion.TryParse(Text)) is { IsPreRelease: true };

    /// <exception cref="FormatException">The text is no clause of PEP 440; the message is one sentence.</exception>
    public static VersionSpecifier Parse(string text) =>
        TryParse(text) ?? throw new FormatException($"{Errors.Quote(text.Trim())} is no version specifier; one such as >=1.2 or ==2.* is expected (PEP 440).");

    /// <summary>Null when the text is no clause of PEP 440.</summary>
    public static VersionSpecifier? TryParse(string text)
    {
        var match = Pattern().Match(text);
        if (!match.Success)
        {
            return null;
        }

        var comparison = match.Groups["comparison"].Value;
        var operand = match.Groups["operand"].Value;
        if (comparison == "===")
        {
            return new(comparison, operand, version: null, isPrefix: false);
        }

        var isPrefix = operand.EndsWith(".*", StringComparison.Ordinal);
        return PepVersion.TryParse(isPrefix ? operand[..^2] : operand) is { } wanted && IsAllowed(comparison, wanted, isPrefix)
            ? new(comparison, operand, wanted, isPrefix)
            : null;
    }

    /// <summary>Whether the version fulfils the clause; the rule for pre-releases is the set's.</summary>
    public bool Contains(PepVersion candidate) => (Comparison, version) switch
    {
        ("===", _) => string.Equals(candidate.ToString(), Text, StringComparison.OrdinalIgnoreCase),
        ("==", { } wanted) => IsEqual(candidate, wanted),
        ("!=", { } wanted) => !IsEqual(candidate, wanted),
        ("~=", { } wanted) => candidate.Public >= wanted && VersionPrefix.Matches(candidate, VersionPrefix.Compatible(wanted)),
        ("<=", { } wanted) => candidate.Public <= wanted,
        (">=", { } wanted) => candidate.Public >= wanted,
        ("<", { } wanted) => candidate < wanted && !(candidate.IsPreRelease && !wanted.IsPreRelease && candidate.Base == wanted.Base),
        (">", { } wanted) => candidate > wanted && !IsOnlyLater(candidate, wanted),
        _ => throw new InvalidOperationException($"The comparison {Comparison} has no rule."),
    };

    public override string ToString() => Comparison + Text;

    // >1.7 is not meant to take 1.7.post1 or 1.7+local.
    private static bool IsOnlyLater(PepVersion candidate, PepVersion wanted) =>
        candidate.Base == wanted.Base && ((candidate.IsPostRelease && !wanted.IsPostRelease) || candidate.Local.Count > 0);

    private static bool IsAllowed(string comparison, PepVersion wanted, bool isPrefix) => comparison switch
    {
        "==" or "!=" => !isPrefix || (wanted.Dev is null && wanted.Local.Count == 0),
        "~=" => !isPrefix && wanted.Local.Count == 0 && wanted.Release.Count > 1,
        _ => !isPrefix && wanted.Local.Count == 0,
    };

    private bool IsEqual(PepVersion candidate, PepVersion wanted) => IsPrefix
        ? VersionPrefix.Matches(candidate, wanted)
        : (wanted.Local.Count == 0 ? candidate.Public : candidate) == wanted;

    [GeneratedRegex(@"^\s*(?<comparison>===|==|!=|~=|<=|>=|<|>)\s*(?<operand>[^\s,;)]+)\s*\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pattern();
}
