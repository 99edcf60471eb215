using System.Data.Common;
using Refinery.Contract;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Host.Health;

/// <summary>Asks what the process stands on, now and for real.</summary>
internal sealed partial class Readiness(EventJournal journal, IQueueBackend queue, TimeProvider clock, ILogger<Readiness> logger)
{
    public const string Ready = "ready";

    private const string Fine = "ok";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>Reads the journal's head from the database and the queue's length from its backend.</summary>
    public async Task<ReadyAnswer> CheckAsync(CancellationToken cancellationToken)
    {
        var database = CheckAsync("database", journal.HeadAsync, cancellationToken);
        var backend = CheckAsync("queue", queue.StatsAsync, cancellationToken);
        var checks = new ReadyChecks(await database, await backend);
        return new ReadyAnswer(checks is { Database: Fine, Queue: Fine } ? Ready : "unready", checks);
    }

    private async Task<string> CheckAsync<T>(string part, Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await ask(either.Token).WaitAsync(either.Token);
            return Fine;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"The {part} did not answer within {Limit.TotalSeconds:0} seconds.";
        }
        catch (Exception fault) when (fault is DbException or DatabaseUnavailableException or IOException or TimeoutException or InvalidOperationException)
        {
            LogFault(logger, fault, part);
            return $"The {part} cannot be reached.";
        }
    }

    [LoggerMessage(LogLevel.Warning, "The readiness check of the {Part} failed.")]
    private static partial void LogFault(ILogger logger, Exception fault, string part);
}
