using Microsoft.Extensions.Options;
using Refinery.Builds.Processes;
using Refinery.Contract;

namespace Refinery.Builds;

/// <summary>Builds with the interpreter's own pip as a child process, isolated as PEP 517 asks.</summary>
internal sealed class ProcessRunner(BuildCommands commands, BuildEnvironment environment, IOptions<BuildOptions> options) : IBuildRunner
{
    public string Name => "process";

    public Task<string?> FaultAsync(CancellationToken cancellationToken) =>
        Task.FromResult(Unlimited(options.Value.MemoryMegabytes, environment.SearchPath));

    public async Task<BuildExit> BuildAsync(BuildTask task, IStepContext step, CancellationToken cancellationToken)
    {
        var places = new BuildPlaces(task.Python, task.Sdist, task.Output, Path.Combine(task.Work, "venv"));
        var variables = environment.Of(WorkFolder.Of(task), task.Sources);
        task.AddTo(variables);
        if (task.PipRecipes.Count > 0)
        {
            variables["PATH"] = $"{places.Environment}/bin:{variables["PATH"]}";
        }

        if (Unlimited(task.MemoryMegabytes, variables["PATH"]) is { } unlimited)
        {
            await step.LogAsync(unlimited);
        }

        return await commands.RunAsync([.. task.Commands(places).Select(words => Command(words, task, variables))], task, step, cancellationToken);
    }

    /// <summary>Processes are found by their mark and ended before a runner is asked.</summary>
    public Task RemoveAsync(string mark, CancellationToken cancellationToken) => Task.CompletedTask;

    private static ChildCommand Command(IReadOnlyList<string> words, BuildTask task, Dictionary<string, string> variables) =>
        new(words[0], [.. words.Skip(1)], task.Work, variables)
        {
            MemoryLimitBytes = task.MemoryMegabytes == 0 ? null : (long)task.MemoryMegabytes << 20,
        };

    /// <summary>Why a build would run without the limit that is set; null when it would not.</summary>
    private static string? Unlimited(int megabytes, string path) => megabytes > 0 && Programs.Find("prlimit", path) is null
        ? $"BUILD_MEMORY_MB is {megabytes}, but prlimit is not installed: builds run without a memory limit."
        : null;
}
