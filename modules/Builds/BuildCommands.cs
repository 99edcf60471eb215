using Microsoft.Extensions.Options;
using Refinery.Builds.Processes;
using Refinery.Contract;

namespace Refinery.Builds;

/// <summary>Runs a build's commands one after the other within one time limit, and stops at the first that fails.</summary>
internal sealed class BuildCommands(ChildProcess children, SourcesInForce sources, IOptions<BuildOptions> options, TimeProvider clock)
{
    /// <summary>Runs them; every line goes to the step's log without the secrets of index URLs.</summary>
    /// <param name="commands">At least one.</param>
    /// <returns>How the last one ended, with the duration of all.</returns>
    public async Task<ChildExit> RunAsync(IReadOnlyList<ChildCommand> commands, BuildTask task, IStepContext step, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        var deadline = TimeSpan.FromSeconds(options.Value.TimeoutSeconds);
        var secrets = IndexSecrets.Of(sources.Current);
        var exit = new ChildExit(0, TimedOut: false, TimeSpan.Zero);
        foreach (var command in commands)
        {
            var left = deadline - clock.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
            {
                return exit with { TimedOut = true };
            }

            exit = await children.RunAsync(command with { TimeLimit = left }, line => step.LogAsync(secrets.Hide(line)), task.Work, cancellationToken);
            exit = exit with { Duration = clock.GetElapsedTime(start) };
            if (!exit.Succeeded)
            {
                return exit;
            }
        }

        return exit;
    }
}
