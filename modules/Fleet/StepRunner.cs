using Microsoft.Extensions.Logging;
using Refinery.Contract;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Runs one claimed step through its handler and records what came of it.</summary>
internal sealed partial class StepRunner(
    StepEndings endings, ILogs logs, HandlerTable handlers, FleetMetrics metrics, TimeProvider clock, ILogger<StepRunner> logger)
{
    /// <summary>Runs an attempt to its end.</summary>
    /// <param name="lost">Fires when the lease is lost, the step is cancelled or the grace of a stop is over.</param>
    public async Task RunAsync(StepRow step, CancellationToken lost)
    {
        var holder = new Holder(step.StepId, step.ClaimedBy ?? string.Empty, step.Fence);
        var started = clock.GetTimestamp();
        await using var log = await logs.OpenAsync(StepContext.LogKeyOf(step), CancellationToken.None);
        var outcome = await HandleAsync(step, log, lost);
        var stored = await log.CompleteAsync(CancellationToken.None);
        if (outcome is null)
        {
            await endings.ReleaseAsync(holder, "The pod stopped before the step was done.", CancellationToken.None);
            return;
        }

        var facts = new RunFacts((long)clock.GetElapsedTime(started).TotalMilliseconds, stored.SizeBytes > 0 ? stored : null);
        if (await endings.FinishAsync(holder, outcome, facts, CancellationToken.None) is null)
        {
            metrics.Refused(outcome.Succeeded ? "complete" : "fail");
            LogRefused(logger, step.StepId, step.Fence);
        }
    }

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
            await log.WriteLineAsync($"The handler of {step.Type} failed: {fault.GetType().Name}.");
            return StepOutcome.Failure("handler_failed", $"The handler of {step.Type} failed with {fault.GetType().Name}.");
        }
    }

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
