using System.Data.Common;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Says that this pod lives, prolongs its leases, stops the runs whose lease is gone, and counts afresh where word of other hosts was missed.</summary>
internal sealed partial class HeartbeatLoop(
    LocalPod pod, LocalBeat beat, StepClaims claims, StepCounters counters, IOptions<FleetOptions> options, TimeProvider clock, ILogger<HeartbeatLoop> logger)
    : PeriodicLoop(options.Value.Heartbeat, clock, logger)
{
    private readonly ILogger logger = logger;

    /// <summary>The pod has stopped before its heart does; it leaves the list of those who live.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await beat.LeaveAsync(cancellationToken);
        }
        catch (Exception fault) when (fault is DbException or DatabaseUnavailableException or OperationCanceledException)
        {
            LogStayed(logger, fault);
        }
    }

    protected override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await beat.BeatAsync(cancellationToken);
        if (pod.Held is { Count: > 0 } held)
        {
            pod.StopLost(await claims.RenewAsync(held, cancellationToken));
        }

        await counters.MendAsync(cancellationToken);
    }

    [LoggerMessage(LogLevel.Warning, "This pod could not leave the list of pods; it will count as dead.")]
    private static partial void LogStayed(ILogger logger, Exception fault);
}
