using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>Prolongs the leases of results that wait to be delivered.</summary>
internal sealed class RenewalLoop(WorkProtocol server, Outbox outbox, IOptions<WorkerOptions> options, TimeProvider clock, ILogger<RenewalLoop> logger)
    : PeriodicLoop(options.Value.Heartbeat, clock, logger)
{
    private const int Lanes = 8;

    protected override Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var lanes = new ParallelOptions { MaxDegreeOfParallelism = Lanes, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(outbox.Held, lanes, async (claim, stop) => await RenewAsync(claim, stop));
    }

    private async Task RenewAsync(Holder held, CancellationToken cancellationToken)
    {
        try
        {
            await server.RenewAsync(held, TimeSpan.Zero, cancellationToken);
        }
        catch (ServerAwayException)
        {
            // Nobody can say now whose it is; the result is kept, and its fence decides.
        }
    }
}
