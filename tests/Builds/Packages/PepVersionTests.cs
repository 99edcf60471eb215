using System.Diagnostics;
using Refinery.Builds.Packages;

namespace Refinery.Tests.Builds.Packages;

/// <summary>Versions are read, written and ordered as PEP 440 says.</summary>
public sealed class PepVersionTests
{
    // PEP 440's own order, lowest first, with a few spellings of our own between.
    private static readonly string[] Ordered =
    [
        "1.0.dev0", "1.0.dev456", "1.0a1", "1.0a2.dev456", "1.0a12.dev456", "1.0a12", "1.0b1.dev456", "1.0b2", "1.0b2.post345.dev456", "1.0b2.post345",
        "1.0rc1.dev456", "1.0rc1", "1.0", "1.0+abc.5", "1.0+abc.7", "1.0+5", "1.0+5.0", "1.0.post456.dev34", "1.0.post456", "1.0.15", "1.1.dev1", "1.1",
        "1.10", "2012.4", "20240101000000000000000000001", "1!0.1",
    ];

    [Theory]
    [InlineData("1.1RC1", "1.1rc1")]
    [InlineData("00!1.00", "1.0")]
    [InlineData("v1.0", "1.0")]
    [InlineData(" 1.0\n", "1.0")]
    [InlineData("1.1.a1", "1.1a1")]
    [InlineData("1.1-a_1", "1.1a1")]
    [InlineData("1.1alpha1", "1.1a1")]
    [InlineData("1.1beta", "1.1b0")]
    [InlineData("1.1c3", "1.1rc3")]
    [InlineData("1.1preview2", "1.1rc2")]
    [InlineData("1.2-1", "1.2.post1")]
    [InlineData("1.2-rev4", "1.2.post4")]
    [InlineData("1.2post", "1.2.post0")]
    [InlineData("1.2-dev", "1.2.dev0")]
    [InlineData("1.0+ubuntu-1", "1.0+ubuntu.1")]
    [InlineData("1.0+UBUNTU_01", "1.0+ubuntu.1")]
    [InlineData("2!1.0", "2!1.0")]
    public void A_spelling_has_one_canonical_text(string text, string canonical) => Assert.Equal(canonical, PepVersion.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("latest")]
    [InlineData("1.0+")]
    [InlineData("1.0+a+b")]
    [InlineData("1..0")]
    [InlineData("1.0-1-1")]
    [InlineData("1.0rc1a1")]
    [InlineData("1.0 beta x")]
    [InlineData("١.0")]
    public void Other_texts_are_no_versions(string text) => Assert.Null(PepVersion.TryParse(text));

    [Fact]
    public void Versions_stand_in_the_order_of_PEP_440()
    {
        var shuffled = Ordered.Reverse().Select(PepVersion.Parse).Order();

        Assert.Equal(Ordered, shuffled.Select(version => version.ToString()));
    }

    [Theory]
    [InlineData("1.0", "1")]
    [InlineData("1.0.0", "1.0")]
    [InlineData("1.0+a.1", "1.0+A-1")]
    [InlineData("1.0rc1", "1.0c1")]
    public void Equal_versions_have_equal_hash_codes(string left, string right)
    {
        Assert.Equal(PepVersion.Parse(left), PepVersion.Parse(right));
        Assert.Equal(PepVersion.Parse(left).GetHashCode(), PepVersion.Parse(right).GetHashCode());
    }

    [Fact]
    public void Order_and_specifiers_agree_with_the_packaging_library()
    {
        string[] clauses = ["==1.0", "!=1.0", "==1.0.*", "!=1.*", "==1.0+5", "~=1.0", "~=1.0.post1", "<1.0", "<1.0rc1", "<=1.0", ">1.0", ">1.0.post1", ">=1.0rc1", "===1.0", "==1.0a12.*"];
        if (Reference(clauses) is not { } expected)
        {
            return; // no pip here to compare with
        }

        var versions = Ordered.Select(PepVersion.Parse).ToList();
        var order = versions.SelectMany(left => versions.Select(right => Math.Sign(left.CompareTo(right)).ToString()));
        var contained = clauses.SelectMany(clause => versions.Select(version => VersionSpecifier.Parse(clause).Contains(version) ? $"{clause} {version}" : "-"));

        Assert.Equal(expected, order.Concat(contained));
    }

    private static string[]? Reference(string[] clauses)
    {
        const string script =
            """
            import sys
            from pip._vendor.packaging.version import Version
            from pip._vendor.packaging.specifiers import Specifier
            vs = [Version(v) for v in sys.argv[1].split()]
            print("\n".join([str((a > b) - (a < b)) for a in vs for b in vs]))
            print("\n".join(f"{c} {v}" if Specifier(c).contains(v, prereleases=True) else "-" for c in sys.argv[2].split() for v in vs))
            """;
        using var python = Process.Start(new ProcessStartInfo("python3", ["-c", script, string.Join(' ', Ordered), string.Join(' ', clauses)])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        });
        var lines = python!.StandardOutput.ReadToEnd().TrimEnd().Split('\n');
        python.WaitForExit();
        return python.ExitCode == 0 ? lines : null;
    }
}
