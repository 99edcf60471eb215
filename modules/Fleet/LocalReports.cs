using Microsoft.Extensions.Logging;
using Refinery.Contract;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Records what came of the steps that the pod inside this process ran.</summary>
internal sealed partial class LocalReports(
    StepEndings endings, PodIdentity identity, FleetMetrics metrics, ILogger<LocalReports> logger) : IStepReports
{
    public string PodId => identity.PodId;

    public async Task<StepStatus?> FinishAsync(ClaimedStep step, StepOutcome outcome, RunFacts facts)
    {
        var finished = await endings.FinishAsync(HolderOf(step), outcome, facts, CancellationToken.None);
        if (finished is null)
        {
            metrics.Refused(outcome.Succeeded ? "complete" : "fail");
            LogRefused(logger, step.StepId, step.Fence);
        }

        return finished?.StepStatus;
    }

    public async Task<StepStatus?> ReleaseAsync(ClaimedStep step, StoredLog? log, string why) =>
        (await endings.ReleaseAsync(HolderOf(step), why, CancellationToken.None))?.StepStatus;

    public Task<string?> WhyCancelledAsync(ClaimedStep step) => endings.WhyCancelledAsync(HolderOf(step));

    private Holder HolderOf(ClaimedStep step) => new(step.StepId, PodId, step.Fence);

    [LoggerMessage(LogLevel.Warning, "The result of step {StepId} under fence {Fence} came too late and was discarded.")]
    private static partial void LogRefused(ILogger logger, string stepId, long fence);
}
