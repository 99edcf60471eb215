using Microsoft.Extensions.Options;
using Refinery.Contract;
using Refinery.Kernel.Work;

namespace Refinery.Host.Commands;

/// <summary>Moves the order of calling from one backend to the one the services were built with.</summary>
/// <param name="from">The backend that is left, open.</param>
internal sealed class QueueMove(IServiceProvider services, (IQueuePlugin Plugin, IQueueBackend Queue) from)
{
    private const int AtOnce = 1000;

    private readonly QueueBackendInfo to = services.GetRequiredService<QueueBackendInfo>();
    private readonly IQueueBackend queue = services.GetRequiredService<IQueueBackend>();
    private readonly IWaitingLine line = services.GetRequiredService<IWaitingLine>();

    /// <summary>Says what <see cref="RunAsync"/> would do.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> TryAsync(CancellationToken cancellationToken)
    {
        var length = await line.CountAsync(cancellationToken);
        await Console.Out.WriteLineAsync($"{Steps(length.Ready)} would move from {from.Plugin.Name} to {to.Name}; no step was moved.");
        return 0;
    }

    /// <summary>Fills the one, empties the other, and says what is to be set now.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="StartupException">The backend that is to be filled cannot be reached.</exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var moved = 0L;
        try
        {
            await ClearAsync(to.Capabilities, queue, cancellationToken);
            await foreach (var items in line.ReadAsync(cancellationToken).Chunk(AtOnce).WithCancellation(cancellationToken))
            {
                await queue.EnqueueAsync(items, cancellationToken);
                moved += items.Length;
            }
        }
        catch (IOException fault)
        {
            throw new StartupException(
                $"The queue {to.Name} failed after {Steps(moved)}: {fault.Message.TrimEnd('.')}. The database has them all and {from.Plugin.Name} is as it was; run the same command again.", fault);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"Stopped after {Steps(moved)}; the database has them all and {from.Plugin.Name} is as it was. Run the same command again.");
            return Interruptible.ExitCode;
        }

        // Past here nothing is undone any more.
        await Console.Out.WriteLineAsync(string.Join(' ', Told(moved, await line.CountAsync(CancellationToken.None), await LeaveAsync())));
        return 0;
    }

    private static async Task ClearAsync(QueueCapabilities capabilities, IQueueBackend cleared, CancellationToken cancellationToken)
    {
        if (capabilities.HasFlag(QueueCapabilities.Clear))
        {
            await cleared.ClearAsync(cancellationToken);
        }
    }

    /// <summary>Empties the backend that is left.</summary>
    /// <returns>What of it stays behind; null when nothing does.</returns>
    private async Task<string?> LeaveAsync()
    {
        try
        {
            await ClearAsync(from.Plugin.Capabilities, from.Queue, CancellationToken.None);
            return from.Plugin.Capabilities.HasFlag(QueueCapabilities.Clear) ? null : $"What lies in {from.Plugin.Name} cannot be removed";
        }
        catch (IOException)
        {
            return $"The queue {from.Plugin.Name} could not be reached and keeps what it has";
        }
    }

    private IEnumerable<string> Told(long moved, LineLength length, string? left)
    {
        var hosts = services.GetRequiredService<IOptions<HostOptions>>().Value.FindPostgres() is null ? "start" : "start every host";
        yield return $"Moved {Steps(moved)} from {from.Plugin.Name} to {to.Name}; now {hosts} with QUEUE_BACKEND={to.Name}.";
        if (length.Delayed > 0)
        {
            yield return $"{length.Delayed} more wait for an instant and join when it comes.";
        }

        if (left is not null)
        {
            yield return $"{left}; should it be used again, what has ended by then is passed over.";
        }
    }

    private static string Steps(long count) => count == 1 ? "1 waiting step" : $"{count} waiting steps";
}
