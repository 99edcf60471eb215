using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Proves the lead or watches for a free one, three times a lease.</summary>
internal sealed class ElectionLoop(Election election, IOptions<FleetOptions> options, TimeProvider clock, ILogger<ElectionLoop> logger)
    : PeriodicLoop(options.Value.LeaderLease / 3, clock, logger)
{
    protected override Task RunOnceAsync(CancellationToken cancellationToken) => election.CheckAsync(cancellationToken);
}
