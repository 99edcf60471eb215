using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;

namespace Refinery.Tests.Builds;

/// <summary>Real source archives become real wheels, and everything is on record.</summary>
public sealed class RealBuildTests(RealBuildTests.ThreeBuilds builds) : IClassFixture<RealBuildTests.ThreeBuilds>
{
    [Theory]
    [InlineData("yardpure", "built")]
    [InlineData("yardext", "built")]
    [InlineData("yardbroken", "failed")]
    public async Task The_history_tells_how_a_build_ended(string package, string word) =>
        Assert.Equal(["queued", "building", word], await builds.Yard.WordsAsync(package));

    [Fact]
    public async Task A_failed_build_names_the_hint_that_fits_and_what_would_help()
    {
        var failure = (await builds.Yard.HistoryAsync("yardbroken"))[^1];

        Assert.Contains("hint-firebird", failure.GetProperty("matched_hint_ids").EnumerateArray().Select(hint => hint.GetString()));
        Assert.Contains("This would help: apt-get install firebird-dev.", failure.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_recipes_the_hint_is_recorded_all_the_same_and_nothing_is_offered()
    {
        await using var yard = await BuildYard.StartAsync(("RECIPES", "off"));
        SourceArchive.WriteExtension(yard.Sources, "yardbroken", "1", header: "ibase.h");

        await yard.BuildAsync(new { package = "yardbroken", version = "1.0" });

        var failure = (await yard.HistoryAsync("yardbroken"))[^1];
        Assert.Contains("hint-firebird", failure.GetProperty("matched_hint_ids").EnumerateArray().Select(hint => hint.GetString()));
        Assert.Contains("Its log says: ", failure.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("firebird", failure.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("yardpure", "py3", "any")]
    [InlineData("yardext", "cp311", "linux_x86_64")]
    public async Task A_wheel_is_in_the_manifest_and_can_be_fetched_by_its_digest(string package, string python, string platform)
    {
        using var folder = new TemporaryFolder();

        var entry = await builds.Yard.EntryAsync(package);
        var wheel = await builds.Yard.DownloadAsync(entry, folder.Path);

        Assert.Equal(("built", "1.0"), (entry.GetProperty("status").GetString(), entry.GetProperty("version").GetString()));
        if (package == "yardpure" || DebianIs311OnX64)
        {
            Assert.Equal((python, platform), (entry.GetProperty("python_tag").GetString(), entry.GetProperty("platform_tag").GetString()));
        }

        Assert.Equal(entry.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(wheel))));
        Assert.Equal(entry.GetProperty("size_bytes").GetInt64(), new FileInfo(wheel).Length);
    }

    [Theory]
    [InlineData("yardpure", "42")]
    [InlineData("yardext", "4711")]
    public async Task A_wheel_installs_into_a_fresh_environment_and_its_function_answers(string package, string answer)
    {
        using var folder = new TemporaryFolder();
        var wheel = await builds.Yard.DownloadAsync(await builds.Yard.EntryAsync(package), folder.Path);

        var said = await DebianPython.InstallAndEvaluateAsync(wheel, $"__import__('{package}').value()");

        Assert.Equal(answer, said);
    }

    [Theory]
    [InlineData("yardpure")]
    [InlineData("yardext")]
    [InlineData("yardbroken")]
    public async Task The_log_is_kept_with_both_streams_and_can_be_searched(string package)
    {
        var log = await builds.Yard.LogAsync(package);
        var found = await builds.Yard.Host.GetAsync($"/api/logs/search?q=err:%20{package}%20is%20set%20up");

        Assert.Contains($"out: {package} is set up", log, StringComparison.Ordinal);
        Assert.Contains($"err: {package} is set up", log, StringComparison.Ordinal);
        Assert.All(found.EnumerateArray(), hit => Assert.Equal(package, hit.GetProperty("name").GetString()));
        Assert.NotEmpty(found.EnumerateArray());
    }

    [Fact]
    public async Task The_journal_verifies_and_holds_each_transition_once()
    {
        var journal = builds.Yard.Host.Services.GetRequiredService<EventJournal>();

        var verdict = await journal.VerifyAsync(CancellationToken.None);
        var kinds = (await journal.ListAfterAsync(0, 1000, CancellationToken.None)).CountBy(link => link.EventType).ToDictionary(StringComparer.Ordinal);

        Assert.True(verdict.Valid);
        Assert.Equal((3, 3, 3), (kinds["task.created"], kinds["attempt.created"], kinds["attempt.started"]));
        Assert.Equal((2, 1, 2), (kinds["attempt.succeeded"], kinds["attempt.failed"], kinds["artifact.created"]));
    }

    [Fact]
    public void Nothing_is_left_of_the_builds_but_what_is_kept() =>
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(builds.Yard.Host.DataDirectory, "work")));

    private static bool DebianIs311OnX64 => Directory.Exists("/usr/lib/python3.11") && Directory.Exists("/lib/x86_64-linux-gnu");

    /// <summary>A pure package, a C extension, and one whose header no package here has: built once for all tests.</summary>
    public sealed class ThreeBuilds : IAsyncLifetime
    {
        internal BuildYard Yard { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Yard = await BuildYard.StartAsync();
            SourceArchive.WritePure(Yard.Sources, "yardpure");
            SourceArchive.WriteExtension(Yard.Sources, "yardext", "4711");
            SourceArchive.WriteExtension(Yard.Sources, "yardbroken", "1", header: "ibase.h");
            await Yard.BuildAsync(
                new { package = "yardpure", version = "1.0" },
                new { package = "yardext", version = "1.0" },
                new { package = "yardbroken", version = "1.0" });
        }

        public async Task DisposeAsync() => await Yard.DisposeAsync();
    }
}
