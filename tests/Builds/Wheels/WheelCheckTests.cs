using System.Buffers.Binary;
using System.Diagnostics;
using Refinery.Builds.Wheels;

namespace Refinery.Tests.Builds.Wheels;

/// <summary>Only a wheel that is what was asked for and holds what it says passes.</summary>
public sealed class WheelCheckTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("six", "1.0", "py3-none-any", "cp311", "linux_x86_64")]
    [InlineData("Six_Pack", "1.0", "py2.py3-none-any", "cp311", "any")]
    [InlineData("six", "1.0+deb.1", "cp311-cp311-linux_x86_64", "cp311", "linux_x86_64")]
    [InlineData("six", "1.0", "cp38-abi3-manylinux_2_17_x86_64", "cp311", "manylinux2014_x86_64")]
    [InlineData("six", "1.0", "cp311-cp311-linux_s390x", "cp311", "manylinux2014_s390x")]
    [InlineData("six", "1.0", "cp311-cp311-musllinux_1_2_x86_64", "cp311", "linux_x86_64")]
    public void A_good_wheel_has_no_fault(string name, string version, string tag, string python, string platform)
    {
        var wheel = new WheelFile(name, version, tag);
        var tags = tag.Contains("py2.", StringComparison.Ordinal) ? "Tag: py2-none-any\nTag: py3-none-any\n" : $"Tag: {tag}\n";
        wheel.Replace($"{wheel.Info}/WHEEL", $"Wheel-Version: 1.0\n{tags}");

        Assert.Null(WheelCheck.Inspect(wheel.Write(folder.Path), new(name.Replace('_', '-'), version, python, platform)));
    }

    [Theory]
    [InlineData("cp312", "linux_x86_64", "cp311-cp311-linux_x86_64", "does not run on cp312.")]
    [InlineData("cp37", "linux_x86_64", "cp38-abi3-linux_x86_64", "does not run on cp37.")]
    [InlineData("cp27", "linux_x86_64", "py3-none-any", "does not run on cp27.")]
    [InlineData("cp311", "manylinux2014_s390x", "cp311-cp311-linux_x86_64", "does not run on manylinux2014_s390x.")]
    [InlineData("cp311", "musllinux_1_2_x86_64", "cp311-cp311-manylinux_2_17_x86_64", "does not run on musllinux_1_2_x86_64.")]
    [InlineData("cp311", "win_amd64", "cp311-cp311-linux_x86_64", "does not run on win_amd64.")]
    public void Tags_must_fit_the_target(string python, string platform, string tag, string fault) =>
        Assert.EndsWith(fault, Inspect(new WheelFile(tag: tag), python: python, platform: platform), StringComparison.Ordinal);

    [Fact]
    public void A_file_that_is_no_archive_is_refused()
    {
        File.WriteAllText(folder.File("six-1.0-py3-none-any.whl"), "no zip at all");

        Assert.Equal("six-1.0-py3-none-any.whl is no readable archive.", WheelCheck.Inspect(folder.File("six-1.0-py3-none-any.whl"), new("six", "1.0", null, null)));
    }

    [Fact]
    public void An_archive_cut_short_is_refused()
    {
        var path = new WheelFile().Write(folder.Path);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^10]);

        Assert.EndsWith("is no readable archive.", WheelCheck.Inspect(path, new("six", "1.0", null, null)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("six.whl")]
    [InlineData("six-1.0-py3-none-any.zip")]
    [InlineData("six-1.0-build-py3-none-any.whl")]
    [InlineData("six--py3-none-any.whl")]
    public void A_name_PEP_427_does_not_know_is_refused(string fileName) =>
        Assert.Contains("is no wheel's name", Inspect(new WheelFile { FileName = fileName }), StringComparison.Ordinal);

    [Theory]
    [InlineData("../evil.py")]
    [InlineData("six/../../evil.py")]
    [InlineData("/etc/evil")]
    [InlineData("six\\..\\evil.py")]
    public void A_path_that_leads_out_is_refused(string path) =>
        Assert.Contains("holds the unsafe path", Inspect(new WheelFile().Add(path, "x")), StringComparison.Ordinal);

    [Fact]
    public void Name_and_version_inside_must_be_those_asked_for_and_those_of_the_file()
    {
        var named = new WheelFile();
        named.Replace($"{named.Info}/METADATA", "Name: seven\nVersion: 1.0\n");
        var versioned = new WheelFile();
        versioned.Replace($"{versioned.Info}/METADATA", "Name: six\nVersion: 2.0\n");

        Assert.EndsWith("is a wheel of 'seven'; 'six' was asked for.", Inspect(named), StringComparison.Ordinal);
        Assert.EndsWith("has the version '2.0'; '1.0' was asked for.", Inspect(versioned), StringComparison.Ordinal);
        Assert.EndsWith("has the version '3.0'; '1.0' was asked for.", Inspect(new WheelFile(version: "3.0")), StringComparison.Ordinal);
        Assert.EndsWith("is a wheel of 'seven'; 'six' was asked for.", Inspect(new WheelFile("seven")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("METADATA", "has no METADATA.")]
    [InlineData("WHEEL", "has no WHEEL file.")]
    public void Each_member_of_dist_info_must_be_there(string member, string fault)
    {
        var wheel = new WheelFile();

        Assert.EndsWith(fault, Inspect(wheel.Remove($"{wheel.Info}/{member}")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_dist_info_folder_is_refused()
    {
        Assert.EndsWith("has 2 .dist-info folders; one is expected.", Inspect(new WheelFile().Add("seven-1.0.dist-info/METADATA", "Name: seven\n")), StringComparison.Ordinal);
        Assert.EndsWith("holds 'six-1.0.dist-info'; 'six-2.0.dist-info' is expected.", Inspect(new WheelFile { FileName = "six-2.0-py3-none-any.whl" }), StringComparison.Ordinal);
    }

    [Fact]
    public void The_tags_inside_must_be_those_of_the_name()
    {
        var wheel = new WheelFile();

        Assert.EndsWith("says cp39-cp39-any inside; its name says py3-none-any.", Inspect(wheel.Replace($"{wheel.Info}/WHEEL", "Tag: cp39-cp39-any\n")), StringComparison.Ordinal);
    }

    [Fact]
    public void RECORD_must_name_every_file_with_its_digest_and_no_other()
    {
        Assert.EndsWith("has no RECORD.", Inspect(new WheelFile { Record = null }), StringComparison.Ordinal);
        Assert.EndsWith("holds 'six.py', which its RECORD does not name.", Inspect(new WheelFile { Record = record => record[(record.IndexOf('\n') + 1)..] }), StringComparison.Ordinal);
        Assert.EndsWith("holds 'six.py' with another digest than its RECORD names.", Inspect(new WheelFile { Record = record => record.Replace("six.py,sha256=", "six.py,sha256=A", StringComparison.Ordinal) }), StringComparison.Ordinal);
        Assert.EndsWith("lacks 'gone.py', which its RECORD names.", Inspect(new WheelFile { Record = record => record + "gone.py,sha256=AAAA,1\n" }), StringComparison.Ordinal);
        Assert.Null(Inspect(new WheelFile { Record = record => record.Replace("six,v.py", "\"six,v.py\"", StringComparison.Ordinal) }.Add("six,v.py", "x")));
    }

    [Fact]
    public void A_file_twice_in_the_archive_is_refused() =>
        Assert.EndsWith("holds 'six.py', which its RECORD does not name.", Inspect(new WheelFile().Add("six.py", "x = 1\n")), StringComparison.Ordinal);

    [Fact]
    public void An_archive_that_unpacks_beyond_measure_is_refused_before_it_is_unpacked()
    {
        var wheel = new WheelFile().Add("a.bin", "a").Add("b.bin", "b").Add("c.bin", "c").Write(folder.Path);
        ClaimSizes(wheel, 0xFFFF_FFF0);
        var watch = Stopwatch.StartNew();

        var fault = WheelCheck.Inspect(wheel, new("six", "1.0", null, null));

        Assert.Contains("unpacks to more than 8 GB", fault, StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 5);
    }

    [Fact]
    public void A_file_that_is_longer_than_it_claims_is_not_read_further()
    {
        var wheel = new WheelFile().Add("zeros.bin", new string('0', 4 << 20)).Write(folder.Path);
        ClaimSizes(wheel, 10);

        Assert.NotNull(WheelCheck.Inspect(wheel, new("six", "1.0", null, null)));
    }

    /// <summary>Writes another unpacked size over that of every entry in the archive's directory.</summary>
    private static void ClaimSizes(string path, uint size)
    {
        var bytes = File.ReadAllBytes(path);
        for (var at = bytes.AsSpan().IndexOf("PK\u0001\u0002"u8); at >= 0;)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at + 24), size);
            var next = bytes.AsSpan(at + 4).IndexOf("PK\u0001\u0002"u8);
            at = next < 0 ? -1 : at + 4 + next;
        }

        File.WriteAllBytes(path, bytes);
    }

    private string? Inspect(WheelFile wheel, string? python = null, string? platform = null)
    {
        var path = wheel.Write(folder.Path);
        try
        {
            return WheelCheck.Inspect(path, new("six", "1.0", python, platform));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
