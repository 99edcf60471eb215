using Refinery.Builds.Packages;

namespace Refinery.Tests.Builds.Packages;

/// <summary>Requirements files are read as pip reads them, and every fault names its place.</summary>
public sealed class RequirementsFileTests : IDisposable
{
    private static readonly string Digest = new('A', 64);
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Lines_hashes_comments_continuations_and_includes_are_read()
    {
        Directory.CreateDirectory(folder.File("links"));
        Write("more.txt", "six==1.16.0  # pinned\n");
        Write("limits.txt", "markupsafe<3\n");
        var path = Write("requirements.txt", $"# all\n--no-index --find-links links\n-r more.txt\n-c limits.txt\n\nMarkupSafe>=2 \\\n  --hash=sha256:{Digest} \\\n  --hash sha256:{Digest}\n");

        var file = RequirementsFile.Read(path);

        Assert.Equal([("six", 1), ("MarkupSafe", 6)], file.Lines.Select(line => (line.Requirement.Name, line.Line)));
        Assert.Equal([Digest.ToLowerInvariant(), Digest.ToLowerInvariant()], file.Lines[1].Hashes);
        Assert.Equal([folder.File("links")], file.Options.FindLinks);
        Assert.True(file.Options.NoIndex);
        Assert.Equal(">=2,<3", file.For(new("", "", "", new Dictionary<string, string>()))[1].Requirement.Specifiers.ToString());
    }

    [Theory]
    [InlineData("six==", ":1: 'six=='")]
    [InlineData("\n\nsix @ https://x.test/a.zip", ":3: ")]
    [InlineData("./six-1.0.tar.gz", "is a path or a URL")]
    [InlineData("-e .", "'--editable' is not known")]
    [InlineData("-r absent.txt", "absent.txt' cannot be read")]
    [InlineData("-r requirements.txt", "includes itself")]
    [InlineData("six --hash=md5:abc", "--hash=sha256:<64 hexadecimal digits> is expected")]
    [InlineData("--index-url", "has no value")]
    [InlineData("--index-url https://${TOKEN}@x.test", "environment variable")]
    [InlineData("--require-hashes\nsix==1.0", ":2: 'six' has no hash")]
    [InlineData("six; python_versoin > '3'", "'python_versoin'")]
    public void A_fault_names_file_line_and_text(string text, string expected)
    {
        var path = Write("requirements.txt", text);

        var fault = Assert.Throws<RequirementsException>(() => RequirementsFile.Read(path));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.StartsWith(path, fault.Message, StringComparison.Ordinal);
    }

    private string Write(string name, string text)
    {
        File.WriteAllText(folder.File(name), text);
        return folder.File(name);
    }
}
