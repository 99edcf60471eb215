using Refinery.Kernel.Web;

namespace Refinery.Host.Proxy;

/// <summary>What a trigger may carry; the action is always drain.</summary>
internal sealed record TriggerBody(string? Action = null) : IChecked
{
    public string? Fault() => Action is null or "drain" ? null : $"The field 'action' is {Errors.Quote(Action)}; drain is expected.";
}

/// <summary>The queue is being drained.</summary>
/// <param name="Detail">What was done, in one sentence; with one webhook, its own words.</param>
/// <param name="QueueLength">Wheel builds still waiting when the answer was made.</param>
/// <param name="Workers">With several webhooks: what became of each.</param>
internal sealed record TriggerAnswer(string Detail, long QueueLength, IReadOnlyList<TriggeredWorker>? Workers = null);

/// <summary>One worker's part of a trigger.</summary>
internal sealed record TriggeredWorker(string Worker, bool Drained, string Detail);

/// <summary>What the smoke checks may carry.</summary>
internal sealed record SmokeBody(string? Action = null);

/// <summary>Everything a build needs is there.</summary>
/// <param name="Checks">Each check's word and <c>ok</c>.</param>
internal sealed record SmokeAnswer(string Status, string Detail, IReadOnlyDictionary<string, string> Checks);
