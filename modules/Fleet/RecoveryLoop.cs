using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Finds steps whose lease ran out and puts them back in line or ends them; forgets pods long silent.</summary>
internal sealed partial class RecoveryLoop(
    Database database, StepEndings endings, IOptions<FleetOptions> options, TimeProvider clock, ILogger<RecoveryLoop> logger)
    : PeriodicLoop(TimeSpan.FromSeconds(options.Value.RecoverySeconds), clock, logger)
{
    private static readonly TimeSpan Forget = TimeSpan.FromDays(1);

    private readonly FleetOptions options = options.Value;
    private readonly WallClock wall = new(clock);
    private readonly ILogger logger = logger;

    protected override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var (now, jump) = wall.Read();
        await database.WriteAsync(sql => FollowClockAsync(sql, now, jump), cancellationToken);
        while (await endings.RecoverAsync(now, cancellationToken) is { Count: > 0 } recovered)
        {
            LogRecovered(logger, recovered.Count);
        }

        await database.WriteAsync(sql => PodStore.DeleteSilentAsync(sql, now - Forget), cancellationToken);
    }

    /// <summary>After a jump every lease begins anew, so that none ends early or lasts for ever; leases too long to be true are cut in any case.</summary>
    private async Task<int> FollowClockAsync(SqlSession sql, DateTimeOffset now, TimeSpan jump)
    {
        var fresh = now + options.Lease;
        if (jump == TimeSpan.Zero)
        {
            return await StepStore.RefreshLeasesAsync(sql, after: fresh + options.Lease, fresh);
        }

        LogJump(logger, jump);
        await StepStore.BringNearerAsync(sql, now + FleetOptions.LongestBackoff, now + options.Backoff(retry: 1));
        return await StepStore.RefreshLeasesAsync(sql, after: DateTimeOffset.MinValue, fresh);
    }

    [LoggerMessage(LogLevel.Warning, "The wall clock was set by {Jump}; every lease begins anew.")]
    private static partial void LogJump(ILogger logger, TimeSpan jump);

    [LoggerMessage(LogLevel.Information, "Recovered {Count} steps whose lease ran out.")]
    private static partial void LogRecovered(ILogger logger, int count);
}
