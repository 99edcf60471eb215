using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>Beats the pod's heart, on a timer that waits for nothing else.</summary>
internal sealed class HeartbeatLoop(Heartbeat heartbeat, IOptions<WorkerOptions> options, TimeProvider clock, ILogger<HeartbeatLoop> logger)
    : PeriodicLoop(options.Value.Heartbeat, clock, logger)
{
    /// <summary>The last beat: the pod runs nothing any more.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await RunOnceAsync(cancellationToken);
    }

    protected override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            await heartbeat.BeatAsync(cancellationToken);
        }
        catch (ServerAwayException)
        {
            // The claims say so.
        }
    }
}
