using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>Prolongs the leases of what runs here and of results that wait to be delivered; stops what is cancelled or lost.</summary>
internal sealed class RenewalLoop(
    WorkProtocol server, RemotePod pod, Outbox outbox, WorkerIdentity identity, IOptions<WorkerOptions> options, TimeProvider clock, ILogger<RenewalLoop> logger)
    : PeriodicLoop(options.Value.Heartbeat, clock, logger)
{
    private const int Lanes = 8;

    protected override Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var held = pod.Running.Select(step => new Holder(step.StepId, identity.PodId, step.Fence)).Concat(outbox.Held);
        var lanes = new ParallelOptions { MaxDegreeOfParallelism = Lanes, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(held, lanes, async (claim, stop) => await RenewAsync(claim, stop));
    }

    private async Task RenewAsync(Holder held, CancellationToken cancellationToken)
    {
        try
        {
            if (!await server.RenewAsync(held, cancellationToken))
            {
                pod.Stop(held.StepId, held.Fence);
            }
        }
        catch (ServerAwayException)
        {
            // Nobody can say now whose it is; the result is kept, and its fence decides.
        }
    }
}
