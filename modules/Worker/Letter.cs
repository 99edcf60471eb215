using System.Text.Json.Serialization;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>What the server must hear of one attempt, kept on this disk until it has.</summary>
/// <param name="Kind"><c>complete</c>, <c>fail</c> or <c>release</c>.</param>
internal sealed record Letter(string StepId, long Attempt, string Kind, string PodId, long Fence)
{
    /// <summary>What came of it; null of a claim given back.</summary>
    public OutcomeWords? Outcome { get; init; }

    /// <summary>The attempt's log, if the server did not hear it live.</summary>
    public UnsentLog? Log { get; init; }

    /// <summary>The attempt's place in a trace, if it has one.</summary>
    public TraceContext? Trace { get; init; }

    /// <summary>One letter for each step, attempt and kind: writing it again changes nothing.</summary>
    [JsonIgnore]
    public string Key => $"{StepId}@{Attempt}.{Kind}";

    [JsonIgnore]
    public Holder Claim => new(StepId, PodId, Fence);
}
