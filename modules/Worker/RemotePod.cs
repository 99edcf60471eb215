using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>Claims as many steps as there is room for and runs each; while the server is away those that run go on.</summary>
internal sealed partial class RemotePod(
    WorkProtocol server, StepRunner runner, IStepReports reports, WorkerIdentity identity, WorkerKinds kinds,
    IOptions<WorkerOptions> options, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<RemotePod> logger) : ClaimLoop(lifetime)
{
    private readonly StepRuns runs = new(runner, clock, logger);
    private readonly Backoff backoff = new(options.Value.Heartbeat, clock);

    /// <summary>The steps running now.</summary>
    public IReadOnlyList<ClaimedStep> Running => runs.Held;

    /// <summary>Stops the run of a claim that is cancelled or lost.</summary>
    public void Stop(string stepId, long fence) => runs.Stop(stepId, fence);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await runs.StopAllAsync(options.Value.Grace, cancellationToken);
    }

    protected override async Task ClaimRoundAsync(CancellationToken stoppingToken)
    {
        stoppingToken.ThrowIfCancellationRequested();
        var freed = runs.Freed.Next;
        var room = options.Value.Capacity - runs.Count;
        if (room <= 0)
        {
            await freed.WaitAsync(stoppingToken);
            return;
        }

        try
        {
            await TakeAsync(await server.ClaimAsync(identity.PodId, kinds.All, room, stoppingToken), stoppingToken);
        }
        catch (ServerAwayException fault)
        {
            if (backoff.IsFresh)
            {
                LogAway(logger, fault.Message);
            }

            await backoff.WaitAsync(stoppingToken);
        }
    }

    /// <summary>Runs what was claimed, or gives it back when the claim was answered by the time of a stop.</summary>
    private async Task TakeAsync(IReadOnlyList<ClaimedStep> claimed, CancellationToken stoppingToken)
    {
        if (!backoff.IsFresh)
        {
            LogBack(logger);
            backoff.Reset();
        }

        foreach (var step in claimed)
        {
            if (stoppingToken.IsCancellationRequested)
            {
                await reports.ReleaseAsync(step, log: null, "The pod stopped before the step was begun.");
            }
            else
            {
                runs.Begin(step);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Reason} What runs here goes on, and its results are kept until the server is back.")]
    private static partial void LogAway(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Information, "The server is back.")]
    private static partial void LogBack(ILogger logger);
}
