using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>Holds the claims of what runs here: for each a renewal is always under way at the server, so that a cancel is heard at once. Stops what is cancelled or lost.</summary>
/// <remarks>What is over within a second is never renewed. A renewal that fails is made again a second later.</remarks>
internal sealed class ClaimWatch(
    WorkProtocol server, RemotePod pod, WorkerIdentity identity, IOptions<WorkerOptions> options, TimeProvider clock, ILogger<ClaimWatch> logger)
    : PeriodicLoop(Look, clock, logger)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly TimeProvider clock = clock;
    private readonly Dictionary<Holder, Task> watched = [];

    private IEnumerable<Holder> Running => pod.Running.Select(step => new Holder(step.StepId, identity.PodId, step.Fence));

    protected override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        foreach (var (claim, watch) in watched.Where(pair => pair.Value.IsCompleted).ToList())
        {
            watched.Remove(claim);
            await watch;
        }

        foreach (var claim in Running.Where(claim => !watched.ContainsKey(claim)))
        {
            watched[claim] = WatchAsync(claim, cancellationToken);
        }
    }

    private async Task WatchAsync(Holder claim, CancellationToken cancellationToken)
    {
        try
        {
            while (Running.Contains(claim))
            {
                var asked = clock.GetTimestamp();
                if (!await server.RenewAsync(claim, options.Value.Heartbeat, cancellationToken))
                {
                    pod.Stop(claim.StepId, claim.Fence);
                    return;
                }

                if (clock.GetElapsedTime(asked) < Look / 2)
                {
                    return; // It did not wait; who asks again at once would ask without end.
                }
            }
        }
        catch (Exception fault) when (fault is ServerAwayException or OperationCanceledException)
        {
            // Nobody can say now whose it is; the result is kept, and its fence decides.
        }
    }
}
