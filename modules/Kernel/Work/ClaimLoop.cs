using Microsoft.Extensions.Hosting;

namespace Refinery.Kernel.Work;

/// <summary>A pod's claiming: one round after the other until the process is asked to stop.</summary>
/// <param name="lifetime">Says first that the process stops.</param>
public abstract class ClaimLoop(IHostApplicationLifetime lifetime) : BackgroundService
{
    /// <summary>Claims what there is room for, or waits until there may be more.</summary>
    /// <param name="stoppingToken">Fires with the first word of a stop.</param>
    protected abstract Task ClaimRoundAsync(CancellationToken stoppingToken);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The stop of this service waits its turn behind others; claiming ends with the first word of it.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        try
        {
            while (true)
            {
                await ClaimRoundAsync(stopping.Token);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
    }
}
