using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Refinery.Hints;

/// <summary>Adds the catalogue's hints that were never here, before the port opens.</summary>
internal sealed partial class HintSeeding(HintStore store, IOptions<HintOptions> options, ILogger<HintSeeding> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Catalogue == "0")
        {
            return;
        }

        var added = await store.SeedAsync([.. SeedCatalogue.Read().Select(seed => seed.ToHint())], cancellationToken);
        if (added > 0)
        {
            LogSeeded(logger, added);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(LogLevel.Information, "Added {Count} hints of the catalogue.")]
    private static partial void LogSeeded(ILogger logger, int count);
}
