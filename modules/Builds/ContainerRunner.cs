using Microsoft.Extensions.Options;
using Refinery.Builds.Processes;
using Refinery.Contract;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>Builds inside a container by podman or docker: no network unless asked, inputs read-only, bounded, gone afterwards.</summary>
internal sealed class ContainerRunner(
    BuildCommands commands, ContainerEngine engine, SourcesInForce sources, IOptions<BuildOptions> options, IDataDirectory data) : IBuildRunner
{
    private const string Output = "/refinery/out";
    private const string Environment = "/refinery/venv";
    private const string NoEngine = "BUILD_RUNNER is container, but neither podman nor docker is installed.";
    private const int MaxProcesses = 4096;
    private const int MaxOpenFiles = 1024;

    public string Name => "container";

    public Task<string?> FaultAsync(CancellationToken cancellationToken) => Task.FromResult(Fault(options.Value.Image, sources.Current.FindLinks));

    public async Task<BuildExit> BuildAsync(BuildTask task, IStepContext step, CancellationToken cancellationToken)
    {
        if (engine.Find() is not { } program || Fault(task.Image, task.Sources.FindLinks) is not null)
        {
            throw new BuildRunnerException(Fault(task.Image, task.Sources.FindLinks) ?? NoEngine);
        }

        ChildCommand Command(IReadOnlyList<string> words) =>
            new(program, [.. Arguments(task), .. words], task.Work, engine.Environment(Sources(task)));
        ContainerUser.Current.Own(task);
        try
        {
            return await commands.RunAsync([.. task.Commands(Inside(task)).Select(Command)], task, step, cancellationToken);
        }
        finally
        {
            // The engine's client may be gone while its container lives on.
            await engine.RemoveAsync(NameOf(task.Mark), WorkFolder.Of(task));
        }
    }

    /// <summary>A container outlives the client that started it.</summary>
    public async Task RemoveAsync(string mark, CancellationToken cancellationToken)
    {
        using var work = WorkFolder.Create(Path.Combine(data.Path, "work"), "leftovers", Ids.RandomHex(8));
        await engine.RemoveAsync(NameOf(mark), work);
    }

    /// <summary>The engine's arguments up to the image: a list, so no value is ever read as a command.</summary>
    internal static IReadOnlyList<string> Arguments(BuildTask task) =>
    [
        "run", "--rm", "--name", NameOf(task.Mark), "--label", $"refinery.work={task.Work}", "--stop-timeout", "0", .. ContainerUser.Current.Arguments,
        "--network", task.HasNetwork ? "bridge" : "none",
        "--pids-limit", $"{MaxProcesses}",
        // Named, because an engine's own defaults may be above what this host may give.
        "--ulimit", $"nproc={MaxProcesses}:{MaxProcesses}", "--ulimit", $"nofile={MaxOpenFiles}:{MaxOpenFiles}",
        .. task.MemoryMegabytes > 0 ? new[] { "--memory", $"{task.MemoryMegabytes}m", "--memory-swap", $"{task.MemoryMegabytes}m" } : [],
        .. task.Cpus > 0 ? new[] { "--cpus", FormattableString.Invariant($"{task.Cpus}") } : [],
        "--security-opt", "no-new-privileges",
        // Where SELinux is in force it would keep the container out of the folders mounted for it.
        "--security-opt", "label=disable",
        "--cap-drop", "ALL",
        "--read-only",
        "--tmpfs", "/tmp:exec",
        "--workdir", "/tmp",
        "--volume", $"{task.Sdist}:{Inside(task).Sdist}:ro",
        "--volume", $"{task.Output}:{Output}:rw",
        .. task.PipRecipes.Count > 0 ? new[] { "--volume", $"{WorkFolder.Of(task).Folder("venv")}:{Environment}:rw" } : [],
        .. Folders(task.Sources.FindLinks).SelectMany((folder, index) => new[] { "--volume", $"{folder}:{Mounted(index)}:ro" }),
        .. Settings(task).SelectMany(setting => new[] { "--env", $"{setting.Key}={setting.Value}" }),
        // Without its value, which the client takes from its own environment: anybody may read a command line.
        .. Sources(task).Keys.SelectMany(variable => new[] { "--env", variable }),
        task.Image ?? string.Empty,
    ];

    private static string NameOf(string mark) => $"refinery-{mark}";

    private string? Fault(string? image, IEnumerable<string> links) =>
        engine.Find() is null ? NoEngine
        : string.IsNullOrEmpty(image) ? "BUILD_RUNNER is container, but BUILD_IMAGE is not set; the name of an image with python3 and pip is expected."
        : ContainerUser.Current.Fault(Folders(links));

    private static Dictionary<string, string> Settings(BuildTask task)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = "/tmp",
            ["PIP_NO_INPUT"] = "1",
            ["PIP_NO_COLOR"] = "1",
            ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1",
        };
        task.AddTo(variables);
        return variables;
    }

    /// <summary>Where pip looks inside, as environment variables; URLs may hold passwords.</summary>
    private static IReadOnlyDictionary<string, string> Sources(BuildTask task)
    {
        var folders = Folders(task.Sources.FindLinks);
        var inside = task.Sources with
        {
            FindLinks = [.. folders.Select((_, index) => Mounted(index)), .. task.Sources.FindLinks.Except(folders, StringComparer.Ordinal)],
        };
        return (inside.NoIndex || !task.HasNetwork ? inside.WithoutIndex : inside).ToVariables();
    }

    private static BuildPlaces Inside(BuildTask task) => new("python3", $"/refinery/in/{Path.GetFileName(task.Sdist)}", Output, Environment);

    private static string Mounted(int index) => $"/refinery/links{index}";

    private static List<string> Folders(IEnumerable<string> links) => [.. links.Where(Path.IsPathRooted)];
}
