using System.Data.Common;
using Microsoft.Extensions.Logging;
using Refinery.Contract;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Runs one claimed step through its handler and records what came of it.</summary>
internal sealed partial class StepRunner(
    StepEndings endings, ILogs logs, HandlerTable handlers, FleetMetrics metrics, TimeProvider clock, ILogger<StepRunner> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Runs an attempt to its end.</summary>
    /// <param name="lost">Fires when the lease is lost, the step is cancelled or the grace of a stop is over.</param>
    /// <returns>The step as it is now; null when it was no longer this pod's.</returns>
    public async Task<StepRow?> RunAsync(StepRow step, CancellationToken lost)
    {
        var holder = Holder.Of(step);
        var started = clock.GetTimestamp();
        var log = await logs.OpenAsync(StepContext.LogKeyOf(step), CancellationToken.None);
        var outcome = await HandleAsync(step, log, lost);
        if (outcome is null && await endings.WhyCancelledAsync(holder) is { } why)
        {
            await NoteAsync(log, why);
        }

        var stored = await StoreAsync(log, step);
        if (outcome is null)
        {
            return await endings.ReleaseAsync(holder, "The pod stopped before the step was done.", CancellationToken.None);
        }

        var facts = new RunFacts((long)clock.GetElapsedTime(started).TotalMilliseconds, stored is { SizeBytes: > 0 } ? stored : null);
        var finished = await FinishAsync(holder, outcome, facts, lost);
        if (finished is null)
        {
            metrics.Refused(outcome.Succeeded ? "complete" : "fail");
            LogRefused(logger, step.StepId, step.Fence);
        }

        return finished;
    }

    /// <summary>Writes a last line; a log that cannot be written must not hide what came of the step.</summary>
    private static async Task NoteAsync(ILogWriter log, string line)
    {
        try
        {
            await log.WriteLineAsync(line);
        }
        catch (Exception fault) when (IsAway(fault))
        {
            // Storing the log fails next, and that is logged.
        }
    }

    /// <summary>Ends and stores the log, which needs no disposing then; null when the disk does not take it, and the next start takes it in from its file.</summary>
    private async Task<StoredLog?> StoreAsync(ILogWriter log, StepRow step)
    {
        try
        {
            return await log.CompleteAsync(CancellationToken.None);
        }
        catch (Exception fault) when (IsAway(fault))
        {
            LogUnstored(logger, fault, step.StepId);
            return null;
        }
    }

    /// <summary>Records the outcome, as often as it takes while the disk is full or the database away: the work is done and no retry is due.</summary>
    private async Task<StepRow?> FinishAsync(Holder holder, StepOutcome outcome, RunFacts facts, CancellationToken lost)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                return await endings.FinishAsync(holder, outcome, facts, CancellationToken.None);
            }
            catch (Exception fault) when (IsAway(fault) && !lost.IsCancellationRequested)
            {
                if (isFirst)
                {
                    LogWaiting(logger, fault, holder.StepId);
                }
            }

            await Task.Delay(Pause, clock, lost);
        }
    }

    private static bool IsAway(Exception fault) => fault is DbException or IOException or DatabaseUnavailableException;

    /// <summary>The outcome, or null when the attempt was stopped from outside.</summary>
    private async Task<StepOutcome?> HandleAsync(StepRow step, ILogWriter log, CancellationToken lost)
    {
        try
        {
            return await handlers.Of(step.Type).RunAsync(new StepContext(step, log), lost);
        }
        catch (OperationCanceledException) when (lost.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception fault)
        {
            LogFault(logger, fault, step.Type, step.StepId);
            await NoteAsync(log, $"The handler of {step.Type} failed: {fault.GetType().Name}.");
            return StepOutcome.Failure("handler_failed", $"The handler of {step.Type} failed with {fault.GetType().Name}.");
        }
    }

    [LoggerMessage(LogLevel.Warning, "The log of step {StepId} could not be stored; its file is taken in at the next start.")]
    private static partial void LogUnstored(ILogger logger, Exception fault, string stepId);

    [LoggerMessage(LogLevel.Warning, "The result of step {StepId} cannot be recorded now; it is tried again until it can.")]
    private static partial void LogWaiting(ILogger logger, Exception fault, string stepId);

    [LoggerMessage(LogLevel.Warning, "The result of step {StepId} under fence {Fence} came too late and was discarded.")]
    private static partial void LogRefused(ILogger logger, string stepId, long fence);

    [LoggerMessage(LogLevel.Error, "The handler of {Type} failed on step {StepId}.")]
    private static partial void LogFault(ILogger logger, Exception fault, string type, string stepId);
}

/// <summary>The step types this process can run.</summary>
internal sealed class HandlerTable(IEnumerable<IStepHandler> handlers)
{
    private readonly Dictionary<string, IStepHandler> byType = handlers.ToDictionary(handler => handler.Type, StringComparer.Ordinal);

    public IReadOnlyCollection<string> Types => byType.Keys;

    public IStepHandler Of(string type) => byType[type];
}
