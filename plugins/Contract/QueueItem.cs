namespace Refinery.Contract;

/// <summary>One step waiting to be called.</summary>
/// <param name="StepId">The step's id, 1–100 characters.</param>
/// <param name="Type">The step's type, for example <c>wheel_build</c>; lets a host put aside what nobody here serves.</param>
/// <param name="Priority">Higher is called earlier.</param>
/// <param name="Rank">Within one priority the lower rank is called first; the host derives it from age and from how many steps their owner has in line.</param>
/// <param name="EnqueuedAt">When the step was submitted, UTC.</param>
public sealed record QueueItem(string StepId, string Type, int Priority, long Rank, DateTimeOffset EnqueuedAt);

/// <summary>How full a queue is.</summary>
/// <param name="Length">Items waiting; never negative.</param>
/// <param name="OldestEnqueuedAt">When the oldest waiting item was submitted; null when none waits or the backend cannot tell.</param>
public sealed record QueueStats(long Length, DateTimeOffset? OldestEnqueuedAt);
