using Microsoft.Extensions.DependencyInjection;
using Refinery.Builds;
using Refinery.Builds.Processes;
using Refinery.Contract;

namespace Refinery.Tests.Builds;

/// <summary>A container gets exactly what a build needs, bounded, and is gone afterwards.</summary>
public sealed class ContainerRunnerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly WorkFolder work;

    public ContainerRunnerTests() => work = WorkFolder.Create(folder.Path, "six-1", "abc");

    public void Dispose()
    {
        work.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void The_engine_is_told_every_bound_and_the_sources_without_their_passwords()
    {
        var task = Task() with
        {
            Settings = ["CFLAGS=-O1", "CFLAGS=-g"], MemoryMegabytes = 500, Cpus = 1.5, HasNetwork = true,
            Variables = new Dictionary<string, string> { ["TRACEPARENT"] = "00-a" },
            Sources = new("https://me:secret@host/simple", ["https://you:secret@other/simple"], ["/links", "https://me:secret@host/links.html"], NoIndex: false),
        };

        var arguments = ContainerRunner.Arguments(task);

        Assert.Equal(
            [
                "run", "--rm", "--name", "refinery-abc", "--label", $"refinery.work={work.Path}", "--stop-timeout", "0", .. ContainerUser.Current.Arguments,
                "--network", "bridge", "--pids-limit", "4096", "--ulimit", "nproc=4096:4096", "--ulimit", "nofile=1024:1024",
                "--memory", "500m", "--memory-swap", "500m", "--cpus", "1.5",
                "--security-opt", "no-new-privileges", "--security-opt", "label=disable", "--cap-drop", "ALL", "--read-only", "--tmpfs", "/tmp:exec", "--workdir", "/tmp",
                "--volume", $"{task.Sdist}:/refinery/in/six-1.0.tar.gz:ro", "--volume", $"{task.Output}:/refinery/out:rw", "--volume", "/links:/refinery/links0:ro",
                "--env", "HOME=/tmp", "--env", "PIP_NO_INPUT=1", "--env", "PIP_NO_COLOR=1", "--env", "PIP_DISABLE_PIP_VERSION_CHECK=1", "--env", "CFLAGS=-O1 -g", "--env", "TRACEPARENT=00-a",
                "--env", "PIP_INDEX_URL", "--env", "PIP_EXTRA_INDEX_URL", "--env", "PIP_FIND_LINKS", "image:1",
            ],
            arguments);
        Assert.DoesNotContain(arguments, argument => argument.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_the_network_no_index_is_asked_and_without_limits_none_is_named()
    {
        var arguments = ContainerRunner.Arguments(Task() with { PipRecipes = ["cython"] });

        Assert.Equal("none", arguments[arguments.ToList().IndexOf("--network") + 1]);
        Assert.Contains("PIP_NO_INDEX", arguments);
        Assert.Contains($"{work.Path}/venv:/refinery/venv:rw", arguments);
        Assert.DoesNotContain(arguments, argument => argument is "PIP_INDEX_URL" or "PIP_FIND_LINKS" or "--memory" or "--cpus");
    }

    [FactWithContainers]
    public async Task A_real_container_builds_a_wheel_as_nobody_and_is_gone()
    {
        await using var yard = await StartAsync(("BUILD_MEMORY_MB", "1000"), ("BUILD_CPUS", "1"));
        SourceArchive.Write(yard.Sources, "yardboxed", "1.0", ("setup.py", """
            import os
            from setuptools import setup
            print('user', os.getuid(), 'network', sorted(os.listdir('/sys/class/net')))
            setup(name='yardboxed', version='1.0', py_modules=['yardboxed'])
            """), ("yardboxed.py", "def value():\n    return 42\n"));

        await yard.BuildAsync(new { package = "yardboxed", version = "1.0" });

        var log = await yard.LogAsync("yardboxed");
        Assert.True((await yard.WordsAsync("yardboxed"))[^1] == "built", log);
        Assert.Contains($"user {ContainerUser.Current.Id} network ['lo']", log, StringComparison.Ordinal);
        Assert.DoesNotContain(yard.Host.DataDirectory, await Containers.ListAsync(), StringComparison.Ordinal);
    }

    [FactWithContainers]
    public async Task A_container_whose_build_takes_too_long_is_gone_as_well()
    {
        await using var yard = await StartAsync(("BUILD_TIMEOUT_SEC", "5"));
        SourceArchive.WriteRunning(yard.Sources, "yardboxedslow", "import time\ntime.sleep(1000)");

        await yard.BuildAsync(new { package = "yardboxedslow", version = "1.0" });

        Assert.EndsWith("was stopped after 5 seconds (BUILD_TIMEOUT_SEC).", (await yard.HistoryAsync("yardboxedslow"))[^1].GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(yard.Host.DataDirectory, await Containers.ListAsync(), StringComparison.Ordinal);
    }

    [FactWithContainers]
    public async Task A_container_that_a_killed_host_left_is_removed_at_the_next_start()
    {
        using var data = new TemporaryFolder();
        var configuration = await Containers.ConfigureAsync(data);
        Directory.CreateDirectory(data.File("work"));
        await File.WriteAllLinesAsync(data.File("work/six-1-left.mark"), [ProcessTable.BootId(), "4000000 1", Path.GetFileName(data.Path)]);
        await Tool.RunAsync(
            "/usr/bin/env", $"CONTAINERS_CONF={configuration}", "podman", "run", "--detach", "--name", $"refinery-{Path.GetFileName(data.Path)}",
            "--label", $"refinery.work={data.Path}", "--ulimit", "nproc=100:100", "--ulimit", "nofile=1024:1024", "--network", "none", Containers.Image, "sleep", "1000");

        await using var host = await RefineryHost.StartAsync(
            data, services => services.AddSingleton(BuildYard.Environment(("CONTAINERS_CONF", configuration))), ("BUILD_RUNNER", "container"));

        Assert.DoesNotContain(data.Path, await Containers.ListAsync(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(data.File("work")));
    }

    [FactWithContainers]
    public async Task Sources_that_nobody_may_read_are_named()
    {
        await using var yard = await StartAsync();
        await Tool.RunAsync("chmod", "700", yard.Sources);
        SourceArchive.WritePure(yard.Sources, "yardclosed");

        await yard.BuildAsync(new { package = "yardclosed", version = "1.0" });

        var expected = ContainerUser.Current.Id == 65_534 ? "failed" : "built";
        Assert.Equal(expected, (await yard.WordsAsync("yardclosed"))[^1]);
        Assert.Equal(expected == "failed", (await yard.LogAsync("yardclosed")).Contains($"cannot read '{yard.Sources}' of FIND_LINKS", StringComparison.Ordinal));
    }

    private async Task<BuildYard> StartAsync(params (string Name, string Value)[] settings)
    {
        var yard = await BuildYard.StartAsync(
            [("CONTAINERS_CONF", await Containers.ConfigureAsync(folder))], [("BUILD_RUNNER", "container"), ("BUILD_IMAGE", Containers.Image), .. settings]);
        await Tool.RunAsync("chmod", "755", yard.Sources);
        return yard;
    }

    private BuildTask Task() => new()
    {
        Sdist = work.Path + "/six-1.0.tar.gz", Output = work.Folder("out"), Python = "/usr/bin/python3", Work = work.Path, Mark = work.Mark, Image = "image:1",
        Commands = _ => [], Sources = new("https://host/simple", [], [], NoIndex: false), TimeLimit = TimeSpan.FromHours(1),
    };
}

/// <summary>The container engine of this machine and the image of the tests.</summary>
internal static class Containers
{
    public const string Image = "localhost/refinery-build:test";

    private static readonly Lazy<string?> Problem = new(Look);

    /// <summary>Why no container can be run here; null when one can.</summary>
    public static string? Refusal => Problem.Value;

    /// <summary>The labels of every container there is.</summary>
    public static Task<string> ListAsync() => Tool.RunAsync("podman", "ps", "--all", "--format", "{{.Labels}}");

    /// <summary>Writes a configuration of podman: its own default does not start where control groups are of the first version or mixed.</summary>
    /// <returns>The file's path, for <c>CONTAINERS_CONF</c>.</returns>
    public static async Task<string> ConfigureAsync(TemporaryFolder folder)
    {
        var runtime = File.Exists("/sys/fs/cgroup/cgroup.controllers") ? "crun" : "runc";
        await File.WriteAllTextAsync(folder.File("containers.conf"), $"[engine]\nruntime=\"{runtime}\"\n");
        return folder.File("containers.conf");
    }

    private static string? Look()
    {
        if (!File.Exists("/usr/bin/podman"))
        {
            return "needs podman";
        }

        var (code, _) = Tool.TryAsync("podman", "image", "exists", Image).GetAwaiter().GetResult();
        return code == 0 ? null : $"needs the local image {Image}, with python3 and pip";
    }
}

/// <summary>A fact that needs podman and the image of the tests.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FactWithContainersAttribute : FactAttribute
{
    public override string? Skip
    {
        get => Containers.Refusal;
        set => throw new NotSupportedException("The machine decides.");
    }
}
