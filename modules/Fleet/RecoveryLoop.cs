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

    private readonly TimeProvider clock = clock;
    private readonly ILogger logger = logger;

    protected override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        while (await endings.RecoverAsync(cancellationToken) is { Count: > 0 } recovered)
        {
            LogRecovered(logger, recovered.Count);
        }

        await database.WriteAsync(sql => PodStore.DeleteSilentAsync(sql, clock.GetUtcNow() - Forget), cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "Recovered {Count} steps whose lease ran out.")]
    private static partial void LogRecovered(ILogger logger, int count);
}
