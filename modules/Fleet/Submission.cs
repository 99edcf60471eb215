using System.Text.Json;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>The key under which a client submits a step once, however often it asks.</summary>
internal static class Submission
{
    /// <summary>The request header that carries the key.</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>The key's member in the event <c>task.created</c>.</summary>
    public const string Member = "submission_key";

    /// <summary>Why a text cannot be a key, in one sentence; null when it can.</summary>
    public static string? Fault(string key) => Faults.Key($"header {Header}", key);

    /// <summary>True when a stored step is what is asked for again; when it may begin is not looked at, for who asks again asks later.</summary>
    public static bool IsSame(StepRow row, NewStep asked) =>
        row.Type == asked.Type && row.Priority == asked.Priority && row.MaxRetries == asked.MaxRetries && row.UniqueKey == asked.UniqueKey
        && JsonElement.DeepEquals(StepJson.Parse(row.Args), asked.Args)
        && JsonElement.DeepEquals(StepJson.Parse(row.Metadata), StepJson.Object(asked.Metadata));
}

/// <summary>What became of a submission under a key.</summary>
/// <param name="IsFirst">False when the key had made the step before.</param>
/// <param name="IsSame">False when the key had made another step than this one.</param>
internal sealed record KeyedStep(StoredStep Step, bool IsFirst, bool IsSame);
