using Refinery.Builds.Processes;
using Refinery.Contract;
using Refinery.Kernel.Web;

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

        if (!policy.InstallsHere)
        {
            await step.LogAsync($"Refinery installs nothing here (RECIPES is {policy.Mode}); {Sentence(manager, packages)} was asked for.");
            return null;
        }

        // apt reads a name that ends in a dash as an order to remove the package.
        if (packages.FirstOrDefault(package => package.EndsWith('-')) is { } removal)
        {
            return $"The recipe {Errors.Quote(removal)} would remove a package; a package to install is expected.";
        }

        await one.WaitAsync(cancellationToken);
        try
        {
            await step.LogAsync(policy.ApplyNotice);
            await step.LogAsync($"Refinery installs {string.Join(' ', packages)} by {manager}.");
            var isInstalled = await InstallAsync(manager, packages, step, work, cancellationToken)
                || (await RefreshAsync(manager, step, work, cancellationToken) && await InstallAsync(manager, packages, step, work, cancellationToken));
            return isInstalled
                ? null
                : $"{Sentence(manager, packages)} failed.";
        }
        finally
        {
            one.Release();
        }
    }

    public void Dispose() => one.Dispose();

    private static string Sentence(string manager, IReadOnlyList<string> packages) =>
        RecipePolicy.Sentence(new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { [manager] = packages });

    /// <summary>A list of packages older than the mirror's content names files that are gone.</summary>
    private Task<bool> RefreshAsync(string manager, IStepContext step, WorkFolder work, CancellationToken cancellationToken) =>
        RunAsync(manager, [manager == "apt" ? "update" : "makecache"], step, work, cancellationToken);

    /// <summary>Installs what is missing; a named package that is there stays as it is, for other programs use it too.</summary>
    private Task<bool> InstallAsync(string manager, IReadOnlyList<string> packages, IStepContext step, WorkFolder work, CancellationToken cancellationToken) =>
        RunAsync(manager, ["install", "-y", .. manager == "apt" ? ["--no-install-recommends", "--no-upgrade"] : Array.Empty<string>(), "--", .. packages], step, work, cancellationToken);

    private async Task<bool> RunAsync(string manager, string[] arguments, IStepContext step, WorkFolder work, CancellationToken cancellationToken)
    {
        var variables = environment.Of(work);
        variables["DEBIAN_FRONTEND"] = "noninteractive";
        string[] waiting = manager == "apt" ? ["-o", $"DPkg::Lock::Timeout={LockWaitSeconds}"] : [];
        var command = new ChildCommand(policy.ProgramOf(manager) ?? manager, [.. waiting, .. arguments], work.Path, variables) { TimeLimit = Limit };
        return (await children.RunAsync(command, step.LogAsync, work, cancellationToken)).Succeeded;
    }
}
