using Microsoft.Extensions.Options;
using Refinery.Builds.Processes;
using Refinery.Contract;

namespace Refinery.Builds;

/// <summary>Builds inside a container by podman or docker: no network unless asked, inputs read-only, bounded, gone afterwards.</summary>
internal sealed class ContainerRunner(ChildProcess children, BuildEnvironment environment, IOptions<BuildOptions> options) : IBuildRunner
{
    private const int MaxProcesses = 4096;

    public string Name => "container";

    public async Task<ChildExit> BuildAsync(BuildTask task, IStepContext step, CancellationToken cancellationToken)
    {
        var engine = Programs.Find("podman", environment.SearchPath) ?? Programs.Find("docker", environment.SearchPath)
            ?? throw new ChildStartException("BUILD_RUNNER is container, but neither podman nor docker is installed.");
        var name = $"refinery-{task.Work.Mark}";
        var variables = environment.Bare(task.Work.Folder("home"), task.Work.Folder("tmp"));
        try
        {
            var run = new ChildCommand(engine, Arguments(task, name), task.Work.Path, variables) { TimeLimit = TimeSpan.FromSeconds(options.Value.TimeoutSeconds) };
            return await children.RunAsync(run, step.LogAsync, task.Work, cancellationToken);
        }
        finally
        {
            // The engine's client may be gone while its container lives on; removing one that is gone already changes nothing.
            var remove = new ChildCommand(engine, ["rm", "--force", name], task.Work.Path, variables) { TimeLimit = TimeSpan.FromSeconds(60) };
            await children.RunAsync(remove, static _ => ValueTask.CompletedTask, task.Work, CancellationToken.None);
        }
    }

    /// <summary>The engine's arguments: a list, so no value is ever read as a command.</summary>
    internal IReadOnlyList<string> Arguments(BuildTask task, string name)
    {
        var settings = options.Value;
        var sdist = $"/refinery/in/{Path.GetFileName(task.Sdist)}";
        List<string> arguments =
        [
            "run", "--rm", "--name", name,
            "--network", settings.Network == "1" ? "bridge" : "none",
            "--pids-limit", $"{MaxProcesses}",
            "--security-opt", "no-new-privileges",
            "--cap-drop", "ALL",
            "--read-only",
            "--tmpfs", "/tmp:exec",
            "--workdir", "/tmp",
            "--volume", $"{task.Sdist}:{sdist}:ro",
            "--volume", $"{task.Output}:/refinery/out:rw",
        ];
        if (settings.MemoryMegabytes > 0)
        {
            arguments.AddRange(["--memory", $"{settings.MemoryMegabytes}m"]);
        }

        foreach (var (folder, index) in settings.FindLinksList.Where(Path.IsPathRooted).Select((folder, index) => (folder, index)))
        {
            arguments.AddRange(["--volume", $"{folder}:/refinery/links{index}:ro"]);
        }

        arguments.AddRange(Variables(task).SelectMany(variable => new[] { "--env", variable }));
        return
        [
            .. arguments, settings.Image ?? string.Empty,
            "python3", "-m", "pip", "wheel", "--no-deps", "--no-cache-dir", "--progress-bar", "off", "--wheel-dir", "/refinery/out", sdist,
        ];
    }

    private IEnumerable<string> Variables(BuildTask task)
    {
        var settings = options.Value;
        var links = settings.FindLinksList.Where(Path.IsPathRooted).Select((_, index) => $"/refinery/links{index}");
        var remote = settings.FindLinksList.Where(link => !Path.IsPathRooted(link));
        yield return "HOME=/tmp";
        yield return "PIP_NO_INPUT=1";
        yield return "PIP_DISABLE_PIP_VERSION_CHECK=1";
        yield return $"PIP_FIND_LINKS={string.Join(' ', links.Concat(remote))}";
        if (settings.NoIndex == "1" || settings.Network == "0")
        {
            yield return "PIP_NO_INDEX=1";
        }
        else if (settings.IndexUrl is { } index)
        {
            yield return $"PIP_INDEX_URL={index}";
        }

        foreach (var setting in task.Settings)
        {
            yield return setting;
        }
    }
}
