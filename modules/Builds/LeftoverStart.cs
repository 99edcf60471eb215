using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Refinery.Builds.Processes;
using Refinery.Contract;
using Refinery.Kernel.Storage;

namespace Refinery.Builds;

/// <summary>Before any build starts, ends what a killed host left behind: processes and folders here, and whatever the runner has elsewhere.</summary>
internal sealed partial class LeftoverStart(Leftovers leftovers, IBuildRunner runner, IDataDirectory data, ILogger<LeftoverStart> logger) : IHostedService
{
    private bool isAway;

    public Task StartAsync(CancellationToken cancellationToken) =>
        leftovers.ClearAsync(Path.Combine(data.Path, "work"), mark => RemoveAsync(mark, cancellationToken), cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <returns>False when the runner cannot be reached: the mark stays for the next start, and so do those after it, unasked, as this start must not wait for each.</returns>
    private async Task<bool> RemoveAsync(string mark, CancellationToken cancellationToken)
    {
        if (isAway)
        {
            return false;
        }

        try
        {
            await runner.RemoveAsync(mark, cancellationToken);
            return true;
        }
        catch (BuildRunnerException fault)
        {
            isAway = fault.IsTransient;
            LogKept(fault.Message);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What an earlier process left of a build may still run: {Fault} It is looked for again at the next start.")]
    private partial void LogKept(string fault);
}
