using System.Text.Json;
using Refinery.Kernel.Web;
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
    public static string? Fault(string key) => key is { Length: >= 1 and <= 255 } && key.All(character => character is >= ' ' and <= '~')
        ? null
        : $"The header {Header} is {Errors.Quote(key)}; 1 to 255 printable ASCII characters are expected.";

    /// <summary>True when a stored step is what is asked for again.</summary>
    public static bool IsSame(StepRow row, NewStep asked) =>
        row.Type == asked.Type && row.Priority == asked.Priority && row.MaxRetries == asked.MaxRetries
        && JsonElement.DeepEquals(StepJson.Parse(row.Args), asked.Args)
        && JsonElement.DeepEquals(StepJson.Parse(row.Metadata), StepJson.Object(asked.Metadata));
}

/// <summary>What became of a submission under a key.</summary>
/// <param name="IsNew">False when the key had made the step before.</param>
/// <param name="IsSame">False when the key had made another step than this one.</param>
internal sealed record KeyedStep(string StepId, bool IsNew, bool IsSame);
