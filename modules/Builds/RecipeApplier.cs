using Refinery.Builds.Processes;
using Refinery.Contract;

namespace Refinery.Builds;

/// <summary>Installs the system packages a step's recipes name, one installation at a time on this machine.</summary>
internal sealed class RecipeApplier(ChildProcess children, RecipePolicy policy, BuildEnvironment environment) : IDisposable
{
    private const int LockWaitSeconds = 600;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    private readonly SemaphoreSlim one = new(1);

    /// <summary>Applies the recipes of this system's manager; those of <c>pip</c> and <c>env</c> are the build's own matter.</summary>
    /// <returns>Null when all is installed, else one sentence about what failed.</returns>
    public async Task<string?> ApplyAsync(IStepContext step, WorkFolder work, CancellationToken cancellationToken)
    {
        if (policy.Manager is not { } manager || step.Recipes.GetValueOrDefault(manager) is not { Count: > 0 } packages)
        {
            return null;
        }

        await one.WaitAsync(cancellationToken);
        try
        {
            await step.LogAsync($"Refinery installs {string.Join(' ', packages)} by {manager}.");
            if (await InstallAsync(manager, packages, step, work, cancellationToken))
            {
                return null;
            }

            // A list of packages older than the mirror's content names files that are gone.
            var isRefreshed = await RunAsync(manager, manager == "apt" ? ["update"] : ["makecache"], step, work, cancellationToken);
            return isRefreshed && await InstallAsync(manager, packages, step, work, cancellationToken)
                ? null
                : $"{RecipePolicy.Sentence(new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { [manager] = packages })} failed.";
        }
        finally
        {
            one.Release();
        }
    }

    public void Dispose() => one.Dispose();

    private Task<bool> InstallAsync(string manager, IReadOnlyList<string> packages, IStepContext step, WorkFolder work, CancellationToken cancellationToken) =>
        RunAsync(manager, ["install", "-y", .. manager == "apt" ? ["--no-install-recommends"] : Array.Empty<string>(), "--", .. packages], step, work, cancellationToken);

    private async Task<bool> RunAsync(string manager, string[] arguments, IStepContext step, WorkFolder work, CancellationToken cancellationToken)
    {
        var variables = environment.Bare(work.Folder("home"), work.Folder("tmp"));
        variables["DEBIAN_FRONTEND"] = "noninteractive";
        string[] waiting = manager == "apt" ? ["-o", $"DPkg::Lock::Timeout={LockWaitSeconds}"] : [];
        var command = new ChildCommand(policy.ProgramOf(manager) ?? manager, [.. waiting, .. arguments], work.Path, variables) { TimeLimit = Limit };
        return (await children.RunAsync(command, step.LogAsync, work, cancellationToken)).Succeeded;
    }
}
