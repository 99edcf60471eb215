namespace Refinery.Fleet;

/// <summary>Why a step does not run: the one cause that blocks it now, and what shows it.</summary>
/// <param name="Cause">The first of these that holds: <c>completed</c>, <c>failed</c>, <c>cancelled</c>, <c>held</c>, <c>paused</c>, <c>backoff</c>, <c>delayed</c>,
/// <c>no_pod</c>, <c>capacity</c>, <c>backend_down</c>, <c>in_line</c>.</param>
/// <param name="Detail">One sentence for a person.</param>
internal sealed record WhyAnswer(string StepId, string Status, string Cause, string Detail, WhyEvidence Evidence);

/// <summary>What shows the cause; what does not belong to it is left out.</summary>
/// <param name="NotBefore">The step is not called before.</param>
/// <param name="Attempts">Attempts made.</param>
/// <param name="LastDetail">What was said last of the step.</param>
/// <param name="Pods">The pods that matter: who holds it, or who serves its type; empty when none of them is known here.</param>
/// <param name="Pause">Since when its type is paused, by whom and why.</param>
/// <param name="Ahead">Waiting steps of its type that are called earlier; those beyond 1000 are not counted.</param>
internal sealed record WhyEvidence(
    DateTimeOffset? NotBefore = null, long? Attempts = null, string? LastDetail = null, IReadOnlyList<BusyPod>? Pods = null, int? Ahead = null, PauseAnswer? Pause = null);

/// <summary>A pod that matters to a step.</summary>
/// <param name="Running">Steps it holds.</param>
/// <param name="Until">When its lease of this step, or else the first of its leases, ends unless it is prolonged; null when it holds none.</param>
internal sealed record BusyPod(string PodId, string State, long Running, long Capacity, DateTimeOffset? Until);
