using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Refinery.Kernel.Work;

/// <summary>The steps a pod runs now, each in a run of its own that can be stopped by itself.</summary>
/// <remarks>
/// A step may have two runs for a while: one that was lost and does not hear it yet, and the one claimed since; their fences tell
/// them apart. Safe to call from many threads at once.
/// </remarks>
/// <param name="runner">Runs each.</param>
/// <param name="clock">Measures the grace of a stop.</param>
/// <param name="logger">The pod's.</param>
public sealed partial class StepRuns(StepRunner runner, TimeProvider clock, ILogger logger)
{
    /// <summary>What a handler that was told to stop gets for it.</summary>
    private static readonly TimeSpan Deaf = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<(string StepId, long Fence), Run> runs = new();

    /// <summary>Pulsed when a run has ended and there is room again.</summary>
    public AsyncSignal Freed { get; } = new();

    /// <summary>Steps running now.</summary>
    public int Count => runs.Count;

    /// <summary>The steps running now, as they were claimed; in no order.</summary>
    public IReadOnlyList<ClaimedStep> Held => [.. runs.Values.Select(run => run.Step)];

    /// <summary>Runs a step that the pod has claimed and started.</summary>
    /// <param name="step">Not one that runs already under the same fence.</param>
    /// <param name="ending">Told where the step stands before the run leaves <see cref="Held"/>; null when nobody cares.</param>
    public void Begin(ClaimedStep step, Action<StepStatus?>? ending = null)
    {
        var run = new Run(step);
        runs[run.Key] = run;
        run.Completion = RunAsync(run, ending);
    }

    /// <summary>Stops one run; nothing happens when there is none, or none any more.</summary>
    /// <param name="stepId">The step's id.</param>
    /// <param name="fence">The one it was claimed under.</param>
    public void Stop(string stepId, long fence)
    {
        if (runs.TryGetValue((stepId, fence), out var run))
        {
            run.Stop();
        }
    }

    /// <summary>Lets the runs finish, then stops what is left.</summary>
    /// <param name="grace">How long they may finish by themselves.</param>
    /// <param name="cancellationToken">Ends the waiting, not the runs.</param>
    public async Task StopAllAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        var left = Task.WhenAll(runs.Values.Select(run => run.Completion));
        await Task.WhenAny(left, Task.Delay(grace, clock, cancellationToken));
        foreach (var run in runs.Values)
        {
            run.Stop();
        }

        try
        {
            await left.WaitAsync(Deaf, clock, cancellationToken);
        }
        catch (Exception fault) when (fault is TimeoutException or OperationCanceledException)
        {
            LogDeaf(logger, runs.Count);
        }
    }

    private async Task RunAsync(Run run, Action<StepStatus?>? ending)
    {
        await Task.Yield();
        try
        {
            var status = await runner.RunAsync(run.Step, run.Lost);
            ending?.Invoke(status);
        }
        catch (Exception fault)
        {
            LogRunFault(logger, fault, run.Step.StepId);
        }
        finally
        {
            runs.TryRemove(KeyValuePair.Create(run.Key, run));
            run.Dispose();
            Freed.Pulse();
        }
    }

    [LoggerMessage(LogLevel.Error, "The result of step {StepId} could not be recorded; its lease will run out and it will be tried again.")]
    private static partial void LogRunFault(ILogger logger, Exception fault, string stepId);

    [LoggerMessage(LogLevel.Warning, "{Count} steps did not stop when told to; they are taken back at the next start.")]
    private static partial void LogDeaf(ILogger logger, int count);

    /// <summary>A step in the making.</summary>
    private sealed class Run(ClaimedStep step) : IDisposable
    {
        private readonly CancellationTokenSource lost = new();

        public ClaimedStep Step => step;

        public (string StepId, long Fence) Key => (step.StepId, step.Fence);

        public CancellationToken Lost => lost.Token;

        public Task Completion { get; set; } = Task.CompletedTask;

        public void Stop()
        {
            try
            {
                lost.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has just ended by itself.
            }
        }

        public void Dispose() => lost.Dispose();
    }
}
