using System.Text.Json;

namespace Refinery.Kernel.Work;

/// <summary>How other modules submit and ask about steps. Fleet implements it; nobody else knows the steps table.</summary>
public interface ISteps
{
    /// <summary>Stores the steps and their <c>task.created</c> events in one unit, then offers them to the queue backend.</summary>
    /// <param name="steps">At least one, already validated.</param>
    /// <returns>One answer per step, in order.</returns>
    /// <exception cref="QueueFullException">More than <see cref="MostWaiting"/> would wait; nothing was stored.</exception>
    Task<IReadOnlyList<SubmittedStep>> SubmitAsync(IReadOnlyList<NewStep> steps, CancellationToken cancellationToken);

    /// <summary>Steps of a type that wait to be called or for a retry, next to run first.</summary>
    Task<IReadOnlyList<WaitingStep>> ListWaitingAsync(string type, int limit, int offset, CancellationToken cancellationToken);

    /// <summary>Counts over the steps of a type.</summary>
    Task<StepCounts> CountAsync(string type, CancellationToken cancellationToken);

    /// <summary>How many steps of a type wait, without asking the database.</summary>
    long CountWaiting(string type);

    /// <summary>How many steps of all types wait, without asking the database.</summary>
    long CountWaiting();

    /// <summary>How many steps may wait at once.</summary>
    long MostWaiting { get; }

    /// <summary>Cancels every waiting step of a type; running ones are untouched.</summary>
    /// <param name="actor">Who cancels, as the journal names who acts.</param>
    /// <param name="reason">One sentence: who and why; it is journalled with each step.</param>
    /// <returns>How many were cancelled.</returns>
    Task<long> CancelWaitingAsync(string type, string actor, string reason, CancellationToken cancellationToken);

    /// <summary>Puts a step that has ended, however it ended, back in line with all its retries; its attempts go on being numbered.</summary>
    /// <param name="reason">One sentence: who and why; it is journalled.</param>
    /// <returns>False when there is no such step or it has not ended (any more): of two who retry it at once, one is told true.</returns>
    /// <exception cref="QueueFullException">It would be one more than <see cref="MostWaiting"/>; nothing was changed.</exception>
    Task<bool> RetryAsync(string stepId, string reason, CancellationToken cancellationToken);

    /// <summary>The step as it is now, or null.</summary>
    Task<StepSnapshot?> FindAsync(string stepId, CancellationToken cancellationToken);
}

/// <summary>A step to be submitted.</summary>
public sealed record NewStep
{
    /// <summary>The step type: <c>[A-Za-z0-9_.:-]{1,100}</c>.</summary>
    public required string Type { get; init; }

    /// <summary>A JSON object; of a wheel build: package, version, python_tag, platform_tag, recipes.</summary>
    public required JsonElement Args { get; init; }

    /// <summary>A JSON object, or null for an empty one.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Higher is called earlier.</summary>
    public int Priority { get; init; }

    /// <summary>0–10.</summary>
    public int MaxRetries { get; init; } = 3;

    /// <summary>System packages to install before the work, by package manager; null when none.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Recipes { get; init; }

    /// <summary>Not called before this instant; null is at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>At most one step of the type waits, is held or runs under this key; null leaves any number to be.</summary>
    public string? UniqueKey { get; init; }
}

/// <summary>What a submitter is told.</summary>
/// <param name="StepId">The id of the step.</param>
/// <param name="BuildId">The id under <c>/builds</c>: <c>build-{third_party_id}-{parser_id}-{suffix of the step id}</c>.</param>
/// <param name="IsNew">False when another step was active under the unique key: this is that step.</param>
public sealed record SubmittedStep(string StepId, string BuildId, bool IsNew);

/// <summary>A step that waits.</summary>
public sealed record WaitingStep
{
    public required string StepId { get; init; }
    public required string BuildId { get; init; }
    public required JsonElement Args { get; init; }
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Recipes { get; init; }
    public required int Priority { get; init; }

    /// <summary>Attempts already made.</summary>
    public required int Attempts { get; init; }

    public required DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>When it may next be called; null is now.</summary>
    public DateTimeOffset? NotBefore { get; init; }
}

/// <summary>Counts over the steps of a type.</summary>
/// <param name="Waiting">Pending, a retry's wait included.</param>
/// <param name="OldestWaitingAt">When the oldest waiting step was submitted; null when none waits.</param>
/// <param name="Leased">Claimed and not yet started.</param>
/// <param name="Running">Started.</param>
public sealed record StepCounts(long Waiting, DateTimeOffset? OldestWaitingAt, long Leased, long Running)
{
    /// <summary>For how many seconds the oldest waiting step has waited; 0 when none waits.</summary>
    /// <param name="now">The time of the host's clock.</param>
    public double OldestAgeSeconds(DateTimeOffset now) => OldestWaitingAt is { } oldest ? Math.Max(0, (now - oldest).TotalSeconds) : 0;
}

/// <summary>A step as it is now.</summary>
public sealed record StepSnapshot
{
    public required string StepId { get; init; }
    public required string BuildId { get; init; }
    public required string Type { get; init; }
    public required StepStatus Status { get; init; }
    public required JsonElement Args { get; init; }
    public required JsonElement Metadata { get; init; }
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Recipes { get; init; }
    public required int Priority { get; init; }
    public required int RetryCount { get; init; }
    public required int MaxRetries { get; init; }
    public string? ClaimedBy { get; init; }
    public DateTimeOffset? NotBefore { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The last outcome's sentence; null before the first.</summary>
    public string? Detail { get; init; }

    /// <summary>The key under which no other step of the type is active.</summary>
    public string? UniqueKey { get; init; }
}

/// <summary>Where a step stands. On the wire each is its snake_case word.</summary>
public enum StepStatus
{
    Pending,
    Claimed,
    Running,
    Completed,
    Failed,
    Cancelled,
}
