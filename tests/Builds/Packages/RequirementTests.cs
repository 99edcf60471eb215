using Refinery.Builds.Packages;

namespace Refinery.Tests.Builds.Packages;

/// <summary>Requirements, markers and sets of specifiers are read as PEP 508 and PEP 440 say.</summary>
public sealed class RequirementTests
{
    private static readonly InterpreterInfo Python311 = InterpreterInfo.Parse(
        """
        {"executable":"/usr/bin/python3","python_tag":"cp311","platform_tag":"linux_x86_64","markers":{"python_version":"3.11","python_full_version":"3.11.7",
        "sys_platform":"linux","os_name":"posix","platform_machine":"x86_64","platform_release":"6.1.0-13-amd64","implementation_name":"cpython"}}
        """);

    [Theory]
    [InlineData("name", "name", "", "")]
    [InlineData("name<=1", "name", "", "<=1")]
    [InlineData("name>=3,<2", "name", "", ">=3,<2")]
    [InlineData("name [fred,bar] ( == 2.8.1 )", "name", "fred,bar", "==2.8.1")]
    [InlineData("A.B-C_D==1.*", "A.B-C_D", "", "==1.*")]
    [InlineData("name[]~=1.2", "name", "", "~=1.2")]
    public void A_requirement_has_name_extras_and_specifiers(string text, string name, string extras, string specifiers)
    {
        var requirement = Requirement.Parse(text);

        Assert.Equal((name, extras, specifiers), (requirement.Name, string.Join(',', requirement.Extras), requirement.Specifiers.ToString()));
    }

    [Theory]
    [InlineData("python_version < '3.8'", false)]
    [InlineData("python_version >= \"3.10\"", true)]
    [InlineData("'3.9' < python_version", true)]
    [InlineData("sys_platform == 'win32' or os_name == 'posix'", true)]
    [InlineData("sys_platform == 'linux' and (os_name == 'nt' or platform_machine in 'x86_64 aarch64')", true)]
    [InlineData("sys_platform not in 'linux darwin'", false)]
    [InlineData("os.name == 'posix'", true)]
    [InlineData("extra == 'test'", false)]
    [InlineData("platform_release >= '6'", true)]
    [InlineData("python_version == '3.*'", true)]
    [InlineData("sys_platform == 'win32' and os_name == 'nt' or os_name == 'posix'", true)]
    public void A_marker_holds_or_not(string text, bool expected) => Assert.Equal(expected, Marker.Parse(text).IsTrue(Python311));

    [Fact]
    public void An_extra_is_compared_normalised() => Assert.True(Marker.Parse("extra == 'Dev_Tools'").IsTrue(Python311, "dev-tools"));

    [Theory]
    [InlineData("")]
    [InlineData("==1.0")]
    [InlineData("name @ https://example.test/name.zip")]
    [InlineData("name == ")]
    [InlineData("name 1.0")]
    [InlineData("name[a")]
    [InlineData("name (==1.0")]
    [InlineData("name; python_version")]
    [InlineData("name; python_versoin > '3'")]
    [InlineData("name; python_version > '3")]
    [InlineData("name >= 1.*")]
    [InlineData("name ~= 1")]
    [InlineData("-name")]
    public void Anything_else_is_a_fault_that_says_what_is_expected(string text)
    {
        var fault = Assert.Throws<FormatException>(() => Requirement.Parse(text));

        Assert.Contains("is expected", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(">=1.0", false, "1.0 1.1")]
    [InlineData(">=1.0", true, "1.0 1.1 1.2rc1")]
    [InlineData(">=1.2a0", false, "1.2rc1")]
    [InlineData(">1.1", false, "1.2rc1")]
    [InlineData("!=1.1", false, "1.0")]
    public void Pre_releases_come_when_asked_for_or_when_nothing_else_fits(string clauses, bool allowed, string expected)
    {
        var fitting = SpecifierSet.Parse(clauses).Filter(["1.0", "1.1", "1.2rc1"], PepVersion.Parse, allowed);

        Assert.Equal(expected, string.Join(' ', fitting));
    }
}
