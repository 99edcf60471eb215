using System.Data.Common;
using Microsoft.Extensions.Logging;
using Refinery.Contract;
using Refinery.Kernel.Storage;

namespace Refinery.Kernel.Work;

/// <summary>Runs one claimed step through its handler and reports what came of it, wherever the pod is.</summary>
/// <remarks>Safe to call from many threads at once.</remarks>
public sealed partial class StepRunner(
    IStepReports reports, ILogs logs, HandlerTable handlers, TimeProvider clock, ILogger<StepRunner> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Runs an attempt to its end.</summary>
    /// <param name="step">A step that this pod has claimed and started; its type is one of the handlers'.</param>
    /// <param name="lost">Fires when the lease is lost, the step is cancelled or the grace of a stop is over.</param>
    /// <returns>Where the step stands now; null when it was no longer this pod's, or when that is not known yet.</returns>
    public async Task<StepStatus?> RunAsync(ClaimedStep step, CancellationToken lost)
    {
        using var span = StepSpan.Begin(step, reports.PodId);
        var started = clock.GetTimestamp();
        var log = await logs.OpenAsync(step, CancellationToken.None);
        var outcome = await HandleAsync(step, log, lost);
        span.Came(outcome);
        if ((outcome is null || lost.IsCancellationRequested) && await reports.WhyCancelledAsync(step) is { } why)
        {
            await NoteAsync(log, why);
        }

        var stored = await StoreAsync(log, step) is { SizeBytes: > 0 } text ? text : null;
        var status = outcome is null
            ? await reports.ReleaseAsync(step, stored, "The pod stopped before the step was done.")
            : await FinishAsync(step, outcome, new RunFacts((long)clock.GetElapsedTime(started).TotalMilliseconds, stored), lost);
        span.Stands(status);
        return status;
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
    private async Task<StoredLog?> StoreAsync(ILogWriter log, ClaimedStep step)
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

    /// <summary>Reports the outcome, as often as it takes while the disk is full or the database away: the work is done and no retry is due.</summary>
    private async Task<StepStatus?> FinishAsync(ClaimedStep step, StepOutcome outcome, RunFacts facts, CancellationToken lost)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                return await reports.FinishAsync(step, outcome, facts);
            }
            catch (Exception fault) when (IsAway(fault) && !lost.IsCancellationRequested)
            {
                if (isFirst)
                {
                    LogWaiting(logger, fault, step.StepId);
                }
            }

            await Task.Delay(Pause, clock, lost);
        }
    }

    private static bool IsAway(Exception fault) => fault is DbException or IOException or DatabaseUnavailableException;

    /// <summary>The outcome, or null when the attempt was stopped from outside.</summary>
    private async Task<StepOutcome?> HandleAsync(ClaimedStep step, ILogWriter log, CancellationToken lost)
    {
        try
        {
            return await handlers.Of(step.Kind).RunAsync(new StepContext(step, log), lost);
        }
        catch (OperationCanceledException) when (lost.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception fault)
        {
            LogFault(logger, fault, step.Kind, step.StepId);
            await NoteAsync(log, $"The handler of {step.Kind} failed: {fault.GetType().Name}.");
            return StepOutcome.Failure("handler_failed", $"The handler of {step.Kind} failed with {fault.GetType().Name}.");
        }
    }

    [LoggerMessage(LogLevel.Warning, "The log of step {StepId} could not be stored; its file is taken in at the next start.")]
    private static partial void LogUnstored(ILogger logger, Exception fault, string stepId);

    [LoggerMessage(LogLevel.Warning, "The result of step {StepId} cannot be recorded now; it is tried again until it can.")]
    private static partial void LogWaiting(ILogger logger, Exception fault, string stepId);

    [LoggerMessage(LogLevel.Error, "The handler of {Type} failed on step {StepId}.")]
    private static partial void LogFault(ILogger logger, Exception fault, string type, string stepId);
}
