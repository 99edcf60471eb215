using Refinery.Builds.Processes;
using Refinery.Tests.Builds;

namespace Refinery.Tests.KubernetesRunner;

/// <summary>Real builds through the cluster: wheels, failures, limits, and nothing left behind.</summary>
public sealed class ClusterBuildTests
{
    [Fact]
    public async Task A_source_becomes_a_wheel_in_the_cluster_and_is_stored()
    {
        using var folder = new TemporaryFolder();
        await using var yard = await ClusterYard.StartAsync(("BUILD_MEMORY_MB", "600"), ("BUILD_CPUS", "1.5"));
        SourceArchive.WriteExtension(yard.Sources, "yardext", "6 * 7");

        await yard.Yard.BuildAsync(new { package = "yardext", version = "1.0" });

        var log = await yard.Yard.LogAsync("yardext");
        Assert.True((await yard.Yard.WordsAsync("yardext"))[^1] == "built", log);
        Assert.Contains("out: yardext is set up", log, StringComparison.Ordinal);
        Assert.Contains("err: yardext is set up", log, StringComparison.Ordinal);
        var wheel = await yard.Yard.DownloadAsync(await yard.Yard.EntryAsync("yardext"), folder.Path);
        Assert.Equal("42", await DebianPython.InstallAndEvaluateAsync(wheel, "__import__('yardext').value()"));
        Assert.Equal("""{"memory":"600Mi","cpu":"1500m"}""", yard.Job["spec"]!["template"]!["spec"]!["initContainers"]![1]!["resources"]!["limits"]!.ToJsonString());
        Assert.DoesNotContain(yard.Objects.Written, value => value["kind"]!.ToString() == "Secret");
        await yard.UntilEmptyAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(yard.Yard.Host.DataDirectory, "work")));
    }

    [Fact]
    public async Task A_build_that_fails_tells_its_exit_code_and_the_hint_that_fits()
    {
        await using var yard = await ClusterYard.StartAsync();
        SourceArchive.WriteExtension(yard.Sources, "yardattr", "1", header: "attr/attributes.h");

        await yard.Yard.BuildAsync(new { package = "yardattr", version = "1.0" });

        var failure = (await yard.Yard.HistoryAsync("yardattr"))[^1];
        Assert.StartsWith("The build of yardattr 1.0 ended with exit code 1.", failure.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(failure.GetProperty("matched_hint_ids").EnumerateArray());
        await yard.UntilEmptyAsync();
    }

    [Fact]
    public async Task Recipes_of_pip_and_env_reach_the_build_as_they_are()
    {
        await using var yard = await ClusterYard.StartAsync();
        SourceArchive.WriteRunning(yard.Sources, "yardrecipe", "import os, wheel\nprint('settings', os.environ['CFLAGS'], flush=True)");

        await yard.Yard.BuildAsync(new { package = "yardrecipe", version = "1.0", recipes = new { pip = new[] { "wheel" }, env = new[] { "CFLAGS=-DX=$(HOME)$$1" } } });

        var log = await yard.Yard.LogAsync("yardrecipe");
        Assert.True((await yard.Yard.WordsAsync("yardrecipe"))[^1] == "built", log);
        Assert.Contains("settings -DX=$(HOME)$$1", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_of_a_recipe_is_found_by_the_build()
    {
        await using var yard = await ClusterYard.StartAsync();
        SourceArchive.WriteRunning(yard.Sources, "yardprogram", "import shutil, subprocess\nprint('found', shutil.which('wheel'), flush=True)\nsubprocess.check_call(['wheel', 'version'])");

        await yard.Yard.BuildAsync(new { package = "yardprogram", version = "1.0", recipes = new { pip = new[] { "wheel" } } });

        var log = await yard.Yard.LogAsync("yardprogram");
        Assert.True((await yard.Yard.WordsAsync("yardprogram"))[^1] == "built", log);
        Assert.Matches("found /.*/venv/bin/wheel", log);
    }

    [Fact]
    public async Task What_is_built_has_another_name_than_the_server()
    {
        await using var yard = await ClusterYard.StartAsync();
        SourceArchive.WritePure(yard.Sources, "yardlabel");

        await yard.Yard.BuildAsync(new { package = "yardlabel", version = "1.0" });

        Assert.Equal("refinery-build", yard.Job["metadata"]!["labels"]!["app.kubernetes.io/name"]!.ToString());
        Assert.Equal("refinery-build", yard.Job["spec"]!["template"]!["metadata"]!["labels"]!["app.kubernetes.io/name"]!.ToString());
    }

    [Fact]
    public async Task A_build_goes_to_nodes_of_the_platform_that_it_names()
    {
        await using var yard = await ClusterYard.StartAsync();
        SourceArchive.WritePure(yard.Sources, "yardplatform");

        await yard.Yard.BuildAsync(new { package = "yardplatform", version = "1.0", platform_tag = "manylinux2014_aarch64" });

        Assert.Equal("""{"kubernetes.io/arch":"arm64"}""", yard.Job["spec"]!["template"]!["spec"]!["nodeSelector"]!.ToJsonString());
    }

    [Fact]
    public async Task A_cancelled_build_is_gone_within_5_seconds_even_when_it_ignores_TERM()
    {
        await using var yard = await ClusterYard.StartAsync();
        SourceArchive.WriteRunning(yard.Sources, "yardstubborn", """
            import os, signal, time
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            for n in range(3):
                child = os.fork()
                if child == 0:
                    if n == 2: os.setsid()
                    time.sleep(600)
                print('child', child, flush=True)
            print('all are here', flush=True)
            time.sleep(600)
            """);
        var building = yard.Yard.BuildAsync(new { package = "yardstubborn", version = "1.0" });
        await yard.UntilSaidAsync("yardstubborn", "all are here");
        var pod = Assert.Single(yard.Objects.List("pods", _ => true))["metadata"]!["name"]!.ToString();
        var build = (await yard.Yard.Host.GetAsync("/builds")).GetProperty("builds")[0].GetProperty("id").GetString();

        var asked = DateTimeOffset.UtcNow;
        await yard.Yard.Host.PostAsync($"/builds/{build}/cancel");
        await building;
        await yard.UntilEmptyAsync();

        Assert.InRange(yard.Objects.Gone[$"pods/{pod}"] - asked, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        var log = (await yard.Yard.Host.GetAsync($"/builds/{build}")).GetProperty("build").GetProperty("logs_preview").GetString()!;
        var children = log.Split('\n').Where(line => line.Trim().StartsWith("child ", StringComparison.Ordinal)).Select(line => int.Parse(line.Trim().Split(' ')[1])).ToList();
        Assert.Equal(3, children.Count);
        Assert.All(children, child => Assert.True(ProcessTable.Find(child) is null or { IsZombie: true }));
        await Wait.UntilAsync(() => Task.FromResult(Directory.GetFileSystemEntries(Path.Combine(yard.Yard.Host.DataDirectory, "work")).Length == 0));
    }

    [Fact]
    public async Task A_build_beyond_its_time_is_stopped_and_not_tried_again()
    {
        await using var yard = await ClusterYard.StartAsync(("BUILD_TIMEOUT_SEC", "6"));
        SourceArchive.WriteRunning(yard.Sources, "yardslow", "import time\ntime.sleep(1000)");

        await yard.Yard.BuildAsync(new { package = "yardslow", version = "1.0" });

        Assert.Equal("yardslow 1.0 was stopped after 6 seconds (BUILD_TIMEOUT_SEC).", (await yard.Yard.HistoryAsync("yardslow"))[^1].GetProperty("detail").GetString());
        await yard.UntilEmptyAsync();
    }

    [Fact]
    public async Task Builds_run_side_by_side()
    {
        await using var yard = await ClusterYard.StartAsync(("FLEET_Q_MAX_PARALLELISM", "4"));
        using var meeting = new TemporaryFolder();
        foreach (var (name, other) in new[] { ("yardleft", "yardright"), ("yardright", "yardleft") })
        {
            SourceArchive.WriteRunning(yard.Sources, name, $$"""
                import os, time
                open('{{meeting.File(name)}}', 'w').close()
                while not os.path.exists('{{meeting.File(other)}}'): time.sleep(0.05)
                """);
        }

        await yard.Yard.BuildAsync(new { package = "yardleft", version = "1.0" }, new { package = "yardright", version = "1.0" });

        Assert.Equal("built", (await yard.Yard.WordsAsync("yardleft"))[^1]);
        Assert.Equal("built", (await yard.Yard.WordsAsync("yardright"))[^1]);
        await yard.UntilEmptyAsync();
    }

    [Fact]
    public async Task What_is_killed_for_want_of_memory_says_so()
    {
        await using var yard = await ClusterYard.StartAsync();
        yard.Cluster.Kubelet.IsShortOfMemory = true;
        SourceArchive.WriteRunning(yard.Sources, "yardgreedy", "import os\nos.killpg(os.getpgrp(), 9)");

        await yard.Yard.BuildAsync(new { package = "yardgreedy", version = "1.0" });

        Assert.StartsWith("The build of yardgreedy 1.0 ended with exit code 137.", (await yard.Yard.HistoryAsync("yardgreedy"))[^1].GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("took more memory than it is given (BUILD_MEMORY_MB)", await yard.Yard.LogAsync("yardgreedy"), StringComparison.Ordinal);
    }
}
