using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Runs recovery at a steady pace, and in between whenever a lease ends: an orphan does not wait for the next round.</summary>
internal sealed class RecoveryLoop(
    Database database, Recovery recovery, Election election, IOptions<FleetOptions> options, TimeProvider clock, ILogger<RecoveryLoop> logger)
    : PeriodicLoop(TimeSpan.FromSeconds(options.Value.RecoverySeconds), clock, logger)
{
    /// <summary>Leases that end within this time are recovered together.</summary>
    private static readonly TimeSpan Together = TimeSpan.FromMilliseconds(10);

    private readonly TimeProvider clock = clock;
    private readonly TimeSpan period = TimeSpan.FromSeconds(options.Value.RecoverySeconds);

    protected override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        do
        {
            await recovery.RunAsync(cancellationToken);
        }
        while (election.Lead is not null && await SleepUntilLeaseEndsAsync(period - clock.GetElapsedTime(started), cancellationToken));
    }

    /// <returns>False when no lease ends before the next round.</returns>
    private async Task<bool> SleepUntilLeaseEndsAsync(TimeSpan left, CancellationToken cancellationToken)
    {
        if (await database.ReadAsync(StepStore.SoonestLeaseAsync, cancellationToken) is not { } text)
        {
            return false;
        }

        var wait = Instant.Parse(text) - clock.GetUtcNow() + Together;
        if (wait >= left)
        {
            return false;
        }

        await Task.Delay(wait > Together ? wait : Together, clock, cancellationToken);
        return true;
    }
}
