using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Work;
using Refinery.Tests.Logs;

namespace Refinery.Tests.Builds;

/// <summary>A build is held to its bounds, and what it is told in confidence is not printed.</summary>
public sealed class BuildBoundsTests
{
    [Fact]
    public async Task A_build_beyond_its_time_is_stopped_and_not_tried_again()
    {
        await using var yard = await BuildYard.StartAsync(("BUILD_TIMEOUT_SEC", "2"));
        SourceArchive.WriteRunning(yard.Sources, "yardslow", "import time\ntime.sleep(1000)");

        await yard.BuildAsync(new { package = "yardslow", version = "1.0" });

        var failure = (await yard.HistoryAsync("yardslow"))[^1];
        Assert.Equal("failed", failure.GetProperty("status").GetString());
        Assert.Equal("yardslow 1.0 was stopped after 2 seconds (BUILD_TIMEOUT_SEC).", failure.GetProperty("detail").GetString());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(yard.Host.DataDirectory, "work")));
    }

    [Theory]
    [InlineData("TARGET_PLATFORM", "linux_s390x")]
    [InlineData("TARGET_PYTHON", "cp39")]
    public async Task A_wheel_that_does_not_fit_the_target_is_rejected(string setting, string tag)
    {
        await using var yard = await BuildYard.StartAsync((setting, tag));
        SourceArchive.WriteExtension(yard.Sources, "yardforeign", "1");

        await yard.BuildAsync(new { package = "yardforeign", version = "1.0" });

        var journal = await yard.Host.Services.GetRequiredService<EventJournal>().ListAfterAsync(0, 1000, CancellationToken.None);
        var failed = Assert.Single(journal, link => link.EventType == "attempt.failed").Payload;
        Assert.Equal("wheel_rejected", failed.TextMember("failure_reason"));
        Assert.Contains(tag, failed.TextMember("detail"), StringComparison.Ordinal);
        Assert.Empty((await yard.Host.GetAsync("/api/artifacts")).EnumerateArray());
    }

    [Theory]
    [InlineData("0", "built")]
    [InlineData("1000", "failed")]
    public async Task A_build_may_map_no_more_memory_than_it_is_given(string megabytes, string word)
    {
        await using var yard = await BuildYard.StartAsync(("BUILD_MEMORY_MB", megabytes));
        SourceArchive.WriteRunning(yard.Sources, "yardgreedy", "import mmap\nmmap.mmap(-1, 2 << 30).close()\nprint('mapped')");

        await yard.BuildAsync(new { package = "yardgreedy", version = "1.0" });

        Assert.Equal(word, (await yard.WordsAsync("yardgreedy"))[^1]);
        Assert.Contains(word == "built" ? "mapped" : "Cannot allocate memory", await yard.LogAsync("yardgreedy"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_is_seen_while_the_build_that_said_it_still_runs()
    {
        using var folder = new TemporaryFolder();
        await using var yard = await BuildYard.StartAsync();
        SourceArchive.WriteRunning(yard.Sources, "yardlive", $$"""
            import os, time
            print('waiting for the gate', flush=True)
            for _ in range(1200):
                if os.path.exists('{{folder.File("gate")}}'): break
                time.sleep(0.1)
            """);
        var build = yard.BuildAsync(new { package = "yardlive", version = "1.0" });

        await using var follower = await Follower.OpenAsync(yard.Host, "/api/logs/stream/yardlive/1.0?follow=1");
        while (!(await follower.NextAsync()).Data.GetProperty("line").GetString()!.Contains("waiting for the gate", StringComparison.Ordinal))
        {
        }

        Assert.Equal("building", (await yard.WordsAsync("yardlive"))[^1]);
        await File.WriteAllTextAsync(folder.File("gate"), string.Empty);
        await build;
        Assert.Equal("built", (await yard.WordsAsync("yardlive"))[^1]);
    }

    [Fact]
    public async Task A_build_sees_a_scrubbed_environment_and_cannot_print_the_password_of_an_index()
    {
        await using var yard = await BuildYard.StartAsync(("EXTRA_INDEX_URLS", "https://builder:hunter%2B2@127.0.0.1:1/simple"), ("WORKER_SECRET", "hush"));
        SourceArchive.WriteRunning(
            yard.Sources, "yardspy", "import os\nfor name, value in sorted(os.environ.items()): print(name + '=' + value, flush=True)");

        // The folder has it, so no index needs to answer: NO_INDEX keeps both pip and Refinery away from it.
        await yard.BuildAsync(new { package = "yardspy", version = "1.0" });

        var log = await yard.LogAsync("yardspy");
        Assert.Equal("built", (await yard.WordsAsync("yardspy"))[^1]);
        Assert.Contains("PIP_EXTRA_INDEX_URL=https://****@127.0.0.1:1/simple", log, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter", log, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", log, StringComparison.Ordinal);
        Assert.Contains($"HOME={yard.Host.DataDirectory}/work/", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_may_pass_is_tried_again_and_a_wrong_digest_is_not()
    {
        await using var index = await Index.IndexStub.StartAsync();
        await using var yard = await BuildYard.StartAsync(("NO_INDEX", "0"), ("INDEX_URL", index.Simple), ("FLEET_Q_BACKOFF_SEC", "0"));
        SourceArchive.WritePure(yard.Sources, "yarddigest");
        index.Status("/simple/yardaway/", 503);

        await yard.BuildAsync(
            new { package = "yardaway", version = "1.0", max_retries = 1 },
            new { package = "yarddigest", version = "1.0", sha256 = new string('a', 64) },
            new { package = "yarddigest", version = "no.version" });

        Assert.Equal(["queued", "building", "failed_attempt", "retry", "building", "failed"], await yard.WordsAsync("yardaway"));
        Assert.Equal(["building", "building", "failed", "missing", "queued", "queued"], (await yard.WordsAsync("yarddigest")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Recipes_of_an_item_install_nothing_unless_RECIPES_says_apply()
    {
        await using var yard = await BuildYard.StartAsync(("RECIPES", "suggest"));
        SourceArchive.WritePure(yard.Sources, "yardrecipe");

        await yard.BuildAsync(new { package = "yardrecipe", version = "1.0", recipes = new[] { "apt:no-such-package" } });

        Assert.Equal("built", (await yard.WordsAsync("yardrecipe"))[^1]);
        Assert.Contains("Refinery installs nothing here (RECIPES is suggest); apt-get install no-such-package was asked for.", await yard.LogAsync("yardrecipe"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_compiler_takes_its_flags_from_the_environment_and_not_from_a_setting_of_that_name()
    {
        await using var yard = await BuildYard.StartAsync([("CFLAGS", "-DYARD=7")], ("CFLAGS", "-DYARD=8"));
        SourceArchive.WriteExtension(yard.Sources, "yardflags", "YARD");
        using var folder = new TemporaryFolder();

        await yard.BuildAsync(new { package = "yardflags", version = "1.0" });

        var wheel = await yard.DownloadAsync(await yard.EntryAsync("yardflags"), folder.Path);
        Assert.Equal("7", await DebianPython.InstallAndEvaluateAsync(wheel, "__import__('yardflags').value()"));
    }

    [Fact]
    public async Task Arguments_no_build_can_come_of_fail_at_once()
    {
        await using var yard = await BuildYard.StartAsync(("AUTO_BUILD", "1"));
        var steps = yard.Host.Services.GetRequiredService<ISteps>();

        var submitted = await steps.SubmitAsync([new NewStep { Type = StepTypes.WheelBuild, Args = JsonSerializer.SerializeToElement(new { package = "../six" }) }], CancellationToken.None);
        StepSnapshot? step = null;
        await Wait.UntilAsync(async () => (step = await steps.FindAsync(submitted[0].StepId, CancellationToken.None))?.Status == StepStatus.Failed);

        Assert.Equal(0, step?.RetryCount);
        Assert.StartsWith("The field 'args.package' is '../six';", step?.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recipe_that_apt_would_read_as_a_removal_is_refused()
    {
        await using var yard = await BuildYard.StartAsync(("RECIPES", "apply"));
        SourceArchive.WritePure(yard.Sources, "yardremoval");

        await yard.BuildAsync(new { package = "yardremoval", version = "1.0", max_retries = 0, recipes = new[] { "apt:no-such-package-" } });

        var failure = (await yard.HistoryAsync("yardremoval"))[^1];
        Assert.Equal("system_recipe_failed", failure.GetProperty("status").GetString());
        Assert.Equal("The recipe 'no-such-package-' would remove a package; a package to install is expected.", failure.GetProperty("detail").GetString());
    }
}
