using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;

namespace Refinery.Builds.Packages;

/// <summary>Reads the text of a version, in every spelling PEP 440 normalises.</summary>
internal static partial class PepVersionText
{
    // Longer texts are no versions in practice, and big numbers cost quadratic time to read.
    private const int MaxLength = 256;

    public static PepVersion? Read(string? text)
    {
        var trimmed = text?.Trim();
        if (trimmed is null or { Length: 0 or > MaxLength } || !Ascii.IsValid(trimmed))
        {
            return null;
        }

        var match = Pattern().Match(trimmed.ToLowerInvariant());
        return match.Success ? Build(match.Groups) : null;
    }

    private static PepVersion Build(GroupCollection groups) => new()
    {
        Epoch = groups["epoch"].Success ? Number(groups["epoch"].Value) : BigInteger.Zero,
        Release = [.. groups["release"].Value.Split('.').Select(Number)],
        Pre = groups["pre_l"].Success ? new PreRelease(Letter(groups["pre_l"].Value), Number(groups["pre_n"].Value)) : null,
        Post = Counted(groups["post_l"].Success || groups["post_n1"].Success, groups["post_n1"].Value + groups["post_n2"].Value),
        Dev = Counted(groups["dev_l"].Success, groups["dev_n"].Value),
        Local = groups["local"].Success ? [.. groups["local"].Value.Split('.', '-', '_').Select(Segment)] : [],
    };

    private static BigInteger? Counted(bool isPresent, string number) => isPresent ? Number(number) : null;

    // A suffix without a number counts as zero: 1.0a is 1.0a0.
    private static BigInteger Number(string digits) =>
        digits.Length == 0 ? BigInteger.Zero : BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);

    private static string Letter(string spelling) => spelling switch
    {
        "a" or "alpha" => "a",
        "b" or "beta" => "b",
        _ => "rc",
    };

    private static string Segment(string segment) => segment.All(char.IsAsciiDigit) ? Number(segment).ToString(CultureInfo.InvariantCulture) : segment;

    // PEP 440, appendix B.
    [GeneratedRegex(
        """
        ^v?
        ((?<epoch>[0-9]+)!)?
        (?<release>[0-9]+(\.[0-9]+)*)
        ([-_.]?(?<pre_l>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?<pre_n>[0-9]+)?)?
        ((-(?<post_n1>[0-9]+))|([-_.]?(?<post_l>post|rev|r)[-_.]?(?<post_n2>[0-9]+)?))?
        ([-_.]?(?<dev_l>dev)[-_.]?(?<dev_n>[0-9]+)?)?
        (\+(?<local>[a-z0-9]+([-_.][a-z0-9]+)*))?
        \z
        """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pattern();
}
