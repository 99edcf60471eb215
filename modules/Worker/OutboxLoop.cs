using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Refinery.Worker;

/// <summary>Delivers the letters, each as often as it takes; what cannot be delivered before the end waits for the next start.</summary>
internal sealed partial class OutboxLoop(
    Outbox outbox, RemoteLogs logs, Delivery delivery, IOptions<WorkerOptions> options, TimeProvider clock, ILogger<OutboxLoop> logger) : BackgroundService
{
    /// <summary>Letters under way at once: a large wheel keeps no other result waiting.</summary>
    private const int Lanes = 8;

    /// <summary>What a stop gives the last letters.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        logs.Clear(outbox.Load());
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        outbox.Close();
        await Task.WhenAny(ExecuteTask ?? Task.CompletedTask, Task.Delay(Farewell, clock, cancellationToken));
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var lanes = new ParallelOptions { MaxDegreeOfParallelism = Lanes, CancellationToken = stoppingToken };
            await Parallel.ForEachAsync(outbox.ReadAllAsync(stoppingToken), lanes, async (letter, stop) => await DeliverAsync(letter, stop));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task DeliverAsync(Letter letter, CancellationToken stoppingToken)
    {
        for (var backoff = new Backoff(options.Value.Heartbeat, clock); ; await backoff.WaitAsync(stoppingToken))
        {
            try
            {
                await delivery.DeliverAsync(letter, stoppingToken);
                outbox.Remove(letter);
                return;
            }
            catch (Exception fault) when (fault is ServerAwayException or IOException or UnauthorizedAccessException)
            {
                if (backoff.IsFresh)
                {
                    LogWaiting(logger, letter.StepId, fault.Message);
                }
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "The result of step {StepId} waits on this disk and is sent again until it is heard: {Reason}")]
    private static partial void LogWaiting(ILogger logger, string stepId, string reason);
}
