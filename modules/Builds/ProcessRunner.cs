using Microsoft.Extensions.Options;
using Refinery.Builds.Processes;
using Refinery.Contract;

namespace Refinery.Builds;

/// <summary>Builds with the interpreter's own pip as a child process, isolated as PEP 517 asks.</summary>
internal sealed class ProcessRunner(ChildProcess children, BuildEnvironment environment, IOptions<BuildOptions> options) : IBuildRunner
{
    public string Name => "process";

    public async Task<ChildExit> BuildAsync(BuildTask task, IStepContext step, CancellationToken cancellationToken)
    {
        var variables = environment.Of(task.Work);
        foreach (var setting in task.Settings)
        {
            var parts = setting.Split('=', 2);
            variables[parts[0]] = parts[1];
        }

        if (task.PipRecipes.Count == 0)
        {
            return await RunAsync(task, [task.Python, .. PipWheel(task)], variables, step, cancellationToken);
        }

        // Packages a build needs but does not declare go into an environment of its own, where pip must not isolate again.
        var home = Path.Combine(task.Work.Path, "venv");
        var python = Path.Combine(home, "bin", "python");
        IReadOnlyList<string>[] preparation =
        [
            [task.Python, "-m", "venv", home],
            [python, "-m", "pip", "install", "setuptools", "wheel", .. task.PipRecipes],
        ];
        foreach (var command in preparation)
        {
            var prepared = await RunAsync(task, command, variables, step, cancellationToken);
            if (!prepared.Succeeded)
            {
                return prepared;
            }
        }

        variables["PATH"] = $"{Path.Combine(home, "bin")}:{variables["PATH"]}";
        return await RunAsync(task, [python, .. PipWheel(task), "--no-build-isolation"], variables, step, cancellationToken);
    }

    private static string[] PipWheel(BuildTask task) =>
        ["-m", "pip", "wheel", "--no-deps", "--no-cache-dir", "--progress-bar", "off", "--wheel-dir", task.Output, task.Sdist];

    private Task<ChildExit> RunAsync(
        BuildTask task, IReadOnlyList<string> command, Dictionary<string, string> variables, IStepContext step, CancellationToken cancellationToken)
    {
        var settings = options.Value;
        var child = new ChildCommand(command[0], [.. command.Skip(1)], task.Work.Path, variables)
        {
            TimeLimit = TimeSpan.FromSeconds(settings.TimeoutSeconds),
            MemoryLimitBytes = settings.MemoryMegabytes == 0 ? null : (long)settings.MemoryMegabytes << 20,
        };
        return children.RunAsync(child, step.LogAsync, task.Work, cancellationToken);
    }
}
