using Refinery.Builds.Processes;
using Refinery.Contract;

namespace Refinery.Builds;

/// <summary>Runs a build's commands one after the other within one time limit, and stops at the first that fails.</summary>
internal sealed class BuildCommands(ChildProcess children, TimeProvider clock)
{
    /// <summary>Runs them; every line goes to the step's log.</summary>
    /// <param name="commands">At least one.</param>
    /// <returns>How the last one ended, with the duration of all.</returns>
    public async Task<BuildExit> RunAsync(IReadOnlyList<ChildCommand> commands, BuildTask task, IStepContext step, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        var exit = new BuildExit(0, TimedOut: false, TimeSpan.Zero);
        foreach (var command in commands)
        {
            var left = task.TimeLimit - clock.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
            {
                return exit with { TimedOut = true };
            }

            exit = await children.RunAsync(command with { TimeLimit = left }, step.LogAsync, WorkFolder.Of(task), cancellationToken);
            exit = exit with { Duration = clock.GetElapsedTime(start) };
            if (!exit.Succeeded)
            {
                return exit;
            }
        }

        return exit;
    }
}
