using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Logs;

/// <summary>For which claim a log is written; a pod names it, so that nobody writes on who has lost the step.</summary>
internal sealed record LogClaim(
    [property: Description("The step whose attempt writes, together with pod_id and fence.")] [FromQuery(Name = "step_id")] string? StepId,
    [property: Description("The pod that holds it.")] [FromQuery(Name = "pod_id")] string? PodId,
    [property: Description("The fence of its claim.")] [FromQuery(Name = "fence")] string? Fence)
{
    /// <summary>The claim; null when none is named.</summary>
    /// <exception cref="BodyException">It is named in part, or the fence is no whole number of 1 or more.</exception>
    public Holder? Read() => (StepId, PodId, Fence) switch
    {
        (null, null, null) => null,
        ({ Length: > 0 } stepId, { Length: > 0 } podId, { Length: > 0 } fence) => new Holder(stepId, podId, Page.Number(fence, "fence", fallback: 1, least: 1)),
        _ => throw new BodyException("The parameters 'step_id', 'pod_id' and 'fence' are expected together or not at all."),
    };
}
