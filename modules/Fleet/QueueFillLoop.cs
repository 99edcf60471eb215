using Microsoft.Extensions.Logging;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Fills a backend with the line of the database when it holds less: it is another than before the start, or was away meanwhile.</summary>
/// <remarks>
/// Claims ask the backend first, so what is known to the database alone would wait until the backend is empty, however urgent it is.
/// Looked at once after each absence, not at every difference: what was taken and is not claimed yet is missing there, too.
/// </remarks>
internal sealed partial class QueueFillLoop(DispatchQueue queue, WaitingLine line, TimeProvider clock, ILogger<QueueFillLoop> logger)
    : PeriodicLoop(TimeSpan.FromSeconds(1), clock, logger)
{
    /// <summary>As many as every backend takes well within the time that a call is given.</summary>
    private const int AtOnce = 500;

    private int filled;

    protected override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var absences = queue.Absences;
        if (queue.IsAway || absences == filled || await queue.FindLengthAsync(cancellationToken) is not { } length)
        {
            return;
        }

        if (length >= (await line.CountAsync(cancellationToken)).Ready || await FillAsync(cancellationToken))
        {
            filled = absences;
        }
    }

    /// <returns>False when the backend went away.</returns>
    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        var count = 0;
        await foreach (var items in line.ReadAsync(cancellationToken).Chunk(AtOnce).WithCancellation(cancellationToken))
        {
            if (!await queue.AddAsync(items, cancellationToken))
            {
                return false;
            }

            count += items.Length;
        }

        LogFilled(logger, count);
        return true;
    }

    [LoggerMessage(LogLevel.Information, "Put {Count} waiting steps into the queue backend, which did not hold all of them.")]
    private static partial void LogFilled(ILogger logger, int count);
}
