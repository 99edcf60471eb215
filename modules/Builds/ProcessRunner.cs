using Microsoft.Extensions.Options;
using Refinery.Builds.Processes;
using Refinery.Contract;

namespace Refinery.Builds;

/// <summary>Builds with the interpreter's own pip as a child process, isolated as PEP 517 asks.</summary>
internal sealed class ProcessRunner(BuildCommands commands, BuildEnvironment environment, IOptions<BuildOptions> options) : IBuildRunner
{
    public string Name => "process";

    public async Task<ChildExit> BuildAsync(BuildTask task, IStepContext step, CancellationToken cancellationToken)
    {
        var build = new PipBuild(task.Python, task.Sdist, task.Output, Path.Combine(task.Work.Path, "venv"));
        var variables = environment.Of(task.Work);
        BuildEnvironment.Add(variables, task.Settings);
        if (task.PipRecipes.Count > 0)
        {
            variables["PATH"] = $"{build.Environment}/bin:{variables["PATH"]}";
        }

        if (MemoryLimitCheck.FaultOf(options.Value, variables["PATH"]) is { } unlimited)
        {
            await step.LogAsync(unlimited);
        }

        return await commands.RunAsync([.. PipCommands.Of(build, task.PipRecipes).Select(words => Command(words, task, variables))], task, step, cancellationToken);
    }

    private ChildCommand Command(IReadOnlyList<string> words, BuildTask task, Dictionary<string, string> variables) =>
        new(words[0], [.. words.Skip(1)], task.Work.Path, variables)
        {
            MemoryLimitBytes = options.Value.MemoryMegabytes == 0 ? null : (long)options.Value.MemoryMegabytes << 20,
        };
}
