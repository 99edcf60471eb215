using Microsoft.Extensions.Options;
using Refinery.Builds.Index;
using Refinery.Builds.Processes;
using Refinery.Contract;

namespace Refinery.Builds;

/// <summary>Builds inside a container by podman or docker: no network unless asked, inputs read-only, bounded, gone afterwards.</summary>
internal sealed class ContainerRunner(BuildCommands commands, ContainerEngine engine, SourcesInForce sources, IOptions<BuildOptions> options) : IBuildRunner
{
    private const string Output = "/refinery/out";
    private const string Environment = "/refinery/venv";
    private const string NoEngine = "BUILD_RUNNER is container, but neither podman nor docker is installed.";
    private const int MaxProcesses = 4096;
    private const int MaxOpenFiles = 1024;

    public string Name => "container";

    public async Task<ChildExit> BuildAsync(BuildTask task, IStepContext step, CancellationToken cancellationToken)
    {
        if (engine.Find() is not { } program || Fault() is not null)
        {
            throw new ChildStartException(Fault() ?? NoEngine);
        }

        var name = ContainerEngine.NameOf(task.Work.Mark);
        ChildCommand Command(IReadOnlyList<string> words) =>
            new(program, [.. Arguments(task, name), .. words], task.Work.Path, engine.Environment(Sources()));
        ContainerUser.Current.Own(task);
        try
        {
            return await commands.RunAsync([.. PipCommands.Of(Inside(task), task.PipRecipes).Select(Command)], task, step, cancellationToken);
        }
        finally
        {
            // The engine's client may be gone while its container lives on.
            await engine.RemoveAsync(name, task.Work);
        }
    }

    /// <summary>What is missing for a build in a container, as one sentence; null when nothing is.</summary>
    public string? Fault() =>
        engine.Find() is null ? NoEngine
        : string.IsNullOrEmpty(options.Value.Image) ? "BUILD_RUNNER is container, but BUILD_IMAGE is not set; the name of an image with python3 and pip is expected."
        : ContainerUser.Current.Fault(Folders());

    /// <summary>The engine's arguments up to the image: a list, so no value is ever read as a command.</summary>
    internal IReadOnlyList<string> Arguments(BuildTask task, string name)
    {
        var settings = options.Value;
        return
        [
            "run", "--rm", "--name", name, "--label", $"refinery.work={task.Work.Path}", "--stop-timeout", "0", .. ContainerUser.Current.Arguments,
            "--network", settings.Network == "1" ? "bridge" : "none",
            "--pids-limit", $"{MaxProcesses}",
            // Named, because an engine's own defaults may be above what this host may give.
            "--ulimit", $"nproc={MaxProcesses}:{MaxProcesses}", "--ulimit", $"nofile={MaxOpenFiles}:{MaxOpenFiles}",
            .. settings.MemoryMegabytes > 0 ? new[] { "--memory", $"{settings.MemoryMegabytes}m", "--memory-swap", $"{settings.MemoryMegabytes}m" } : [],
            .. settings.Cpus > 0 ? new[] { "--cpus", FormattableString.Invariant($"{settings.Cpus}") } : [],
            "--security-opt", "no-new-privileges",
            // Where SELinux is in force it would keep the container out of the folders mounted for it.
            "--security-opt", "label=disable",
            "--cap-drop", "ALL",
            "--read-only",
            "--tmpfs", "/tmp:exec",
            "--workdir", "/tmp",
            "--volume", $"{task.Sdist}:{Inside(task).Sdist}:ro",
            "--volume", $"{task.Output}:{Output}:rw",
            .. task.PipRecipes.Count > 0 ? new[] { "--volume", $"{task.Work.Folder("venv")}:{Environment}:rw" } : [],
            .. Folders().SelectMany((folder, index) => new[] { "--volume", $"{folder}:{Mounted(index)}:ro" }),
            .. Settings(task).SelectMany(setting => new[] { "--env", $"{setting.Key}={setting.Value}" }),
            // Without its value, which the client takes from its own environment: anybody may read a command line.
            .. Sources().Keys.SelectMany(variable => new[] { "--env", variable }),
            settings.Image ?? string.Empty,
        ];
    }

    private static Dictionary<string, string> Settings(BuildTask task)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = "/tmp",
            ["PIP_NO_INPUT"] = "1",
            ["PIP_NO_COLOR"] = "1",
            ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1",
        };
        BuildEnvironment.Add(variables, task.Settings);
        return variables;
    }

    /// <summary>Where pip looks, as environment variables; URLs may hold passwords.</summary>
    private Dictionary<string, string> Sources()
    {
        var settings = sources.Current;
        var folders = Folders();
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        BuildEnvironment.Set(
            variables, "PIP_FIND_LINKS", IndexSettings.PipLinks([.. folders.Select((_, index) => Mounted(index)), .. settings.FindLinks.Except(folders, StringComparer.Ordinal)]));
        if (settings.NoIndex || options.Value.Network == "0")
        {
            variables["PIP_NO_INDEX"] = "1";
            return variables;
        }

        BuildEnvironment.Set(variables, "PIP_INDEX_URL", settings.IndexUrl);
        BuildEnvironment.Set(variables, "PIP_EXTRA_INDEX_URL", string.Join(' ', settings.ExtraIndexUrls));
        return variables;
    }

    private static PipBuild Inside(BuildTask task) => new("python3", $"/refinery/in/{Path.GetFileName(task.Sdist)}", Output, Environment);

    private static string Mounted(int index) => $"/refinery/links{index}";

    private List<string> Folders() => [.. sources.Current.FindLinks.Where(Path.IsPathRooted)];
}
