using Microsoft.AspNetCore.Http;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Answers pods that speak for steps they do not hold.</summary>
internal sealed class Refusals(Steps steps, StepClaims claims, FleetMetrics metrics)
{
    /// <summary>Tells a pod to stop: kindly when the step was cancelled since it held it.</summary>
    public async Task<IResult> StopAsync(Holder holder, string operation, CancellationToken cancellationToken) =>
        await claims.IsCancelledAsync(holder, cancellationToken)
            ? Results.Ok(new HeldAnswer(CancelRequested: true, Status: Status.Cancelled))
            : await RefuseAsync(holder, operation, cancellationToken);

    /// <summary>Why a pod may not speak for a step: unknown 404, cancelled or someone else's 409.</summary>
    public async Task<IResult> RefuseAsync(Holder holder, string operation, CancellationToken cancellationToken)
    {
        if (await steps.FindAsync(holder.StepId, cancellationToken) is not { } step)
        {
            return Errors.NotFound($"Step {Errors.Quote(holder.StepId)} does not exist.");
        }

        metrics.Refused(operation);
        return Errors.Conflict($"Pod {Errors.Quote(holder.PodId)} does not hold step {Errors.Quote(holder.StepId)} under fence {holder.Fence}; it is {step.Status.ToString().ToLowerInvariant()} now: stop at once and discard the result.");
    }

    /// <summary>One of many reports was refused.</summary>
    public void Count(string operation) => metrics.Refused(operation);
}
