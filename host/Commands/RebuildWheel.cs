using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Host.Commands;

/// <summary>One wheel of a rebuild and how far it is.</summary>
internal sealed class RebuildWheel(RebuildNode node)
{
    public RebuildNode Node => node;

    public string? StepId { get; set; }

    /// <summary><c>queued</c>, <c>building</c>, <c>retry</c>, <c>built</c>, <c>reused</c>, <c>failed</c>, <c>cancelled</c> or <c>skipped</c>.</summary>
    public string Status { get; private set; } = node.Action switch { "build" => "queued", "reuse" => "reused", _ => "skipped" };

    public string Detail { get; private set; } = node.Why ?? string.Empty;

    public int Attempt { get; private set; }

    public IReadOnlyList<string> Hints { get; private set; } = [];

    /// <summary>What each hint that fits would do, by the hint's id.</summary>
    public IReadOnlyDictionary<string, string> Remedies { get; set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Where its log was written; null unless it failed.</summary>
    public string? LogPath { get; set; }

    public string? FileName { get; private set; } = node.Wheel?.FileName;

    public string? Sha256 { get; private set; } = node.Wheel?.Sha256;

    public long? SizeBytes { get; private set; } = node.Wheel?.SizeBytes;

    public bool IsDone => IsGood || Status is "failed" or "cancelled";

    public bool IsGood => Status is "built" or "reused" or "skipped";

    /// <summary>Takes in what happened.</summary>
    /// <returns>True when there is something to tell.</returns>
    public bool Apply(JournalEvent happened)
    {
        var before = (Status, Attempt);
        var payload = happened.Payload;
        switch (happened.EventType)
        {
            case "attempt.started" when payload.WholeMember("attempt_number") is { } number:
                (Status, Attempt) = ("building", checked((int)number));
                break;
            case "attempt.succeeded":
                (Status, Detail) = ("built", Text(payload, "detail"));
                break;
            case "attempt.failed":
                (Status, Detail) = (payload.IsTrue("will_retry") ? "retry" : "failed", Text(payload, "detail"));
                Hints = [.. payload.Member("matched_hint_ids", JsonValueKind.Array)?.EnumerateArray().Select(hint => hint.GetString() ?? string.Empty) ?? []];
                break;
            case "task.updated":
                (Status, Detail) = ("cancelled", Text(payload, "detail"));
                break;
            case "artifact.created":
                (FileName, Sha256, SizeBytes) = (Text(payload, "file_name"), Text(payload, "sha256"), payload.WholeMember("size_bytes"));
                break;
            default:
                break;
        }

        return before != (Status, Attempt);
    }

    /// <summary>The manifest entry; a wheel's tags are those of its name, as in <c>GET /api/manifest</c>.</summary>
    public ManifestLine Entry(string runId)
    {
        var name = FileName is null ? null : WheelName.Parse(FileName);
        return new(
            node.Name, node.Version ?? string.Empty, FileName ?? string.Empty, name?.PythonTag ?? node.PythonTag, name?.PlatformTag ?? node.PlatformTag, Status, runId, Sha256, SizeBytes);
    }

    private static string Text(CanonicalObject payload, string name) => payload.TextMember(name) ?? string.Empty;
}
