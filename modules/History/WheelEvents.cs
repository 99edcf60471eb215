using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;

namespace Refinery.History;

/// <summary>Reads wheel events out of journal events. Events may come from strangers' bundles, so nothing here trusts a type.</summary>
internal static class WheelEvents
{
    /// <summary>The journal type of what <c>POST /api/history</c> records.</summary>
    public const string Recorded = "history.recorded";

    private const double LongestDurationMs = 1e10;

    /// <summary>The rows of an event: none when it tells of no wheel, two for a failed attempt that is followed by another.</summary>
    public static IReadOnlyList<HistoryRow> Rows(JournalEvent link) => link.EventType switch
    {
        "task.created" => One(link, WheelStatus.Queued),
        "attempt.started" => One(link, WheelStatus.Building),
        "attempt.succeeded" => One(link, WheelStatusWords.Find(link.Payload.Text("outcome")) ?? WheelStatus.Built),
        "attempt.failed" => Failed(link),
        "attempt.invalidated" => One(link, link.Payload.IsTrue("requeued") ? WheelStatus.Retry : WheelStatus.Cancelled),
        "task.updated" when link.Payload.Text("status") == "cancelled" => One(link, WheelStatus.Cancelled),
        "task.updated" when link.Payload.Text("status") == "pending" => One(link, WheelStatus.Queued),
        Recorded when WheelStatusWords.Find(link.Payload.Text("status")) is { } status => One(link, status),
        _ => [],
    };

    private static IReadOnlyList<HistoryRow> Failed(JournalEvent link)
    {
        if (!link.Payload.IsTrue("will_retry"))
        {
            var reason = WheelStatusWords.Find(link.Payload.Text("failure_reason"));
            return One(link, reason is WheelStatus.Missing or WheelStatus.SystemRecipeFailed ? reason.Value : WheelStatus.Failed);
        }

        return Row(link, WheelStatus.FailedAttempt) is { } failed
            ? [failed, failed with { Id = failed.Id + 1, Status = WheelStatus.Retry.Word, Detail = RetryDetail(link), DurationMs = null }]
            : [];
    }

    private static string RetryDetail(JournalEvent link) => link.Payload.Text("not_before") is { } due
        ? $"The next attempt starts after {due}."
        : "The next attempt starts at once.";

    private static IReadOnlyList<HistoryRow> One(JournalEvent link, WheelStatus status) => Row(link, status) is { } row ? [row] : [];

    private static HistoryRow? Row(JournalEvent link, WheelStatus status)
    {
        var payload = link.Payload;
        if (payload.KeyMember("package") is not { Length: > 0 } name)
        {
            return null;
        }

        var isRecorded = link.EventType == Recorded;
        return new HistoryRow
        {
            Id = link.Sequence * 2,
            Timestamp = isRecorded && Instant.TryParse(payload.Text("timestamp"), out var given) ? given : link.Timestamp,
            Name = name,
            NameKey = PackageName.Normalize(name),
            Version = payload.Text("version") ?? string.Empty,
            PythonTag = payload.Text("python_tag"),
            PlatformTag = payload.Text("platform_tag"),
            Status = status.Word,
            RunId = payload.KeyMember("run_id"),
            Attempt = payload.WholeMember(isRecorded ? "attempt" : "attempt_number"),
            DurationMs = payload.Number("duration_ms") is { } duration and >= 0 and <= LongestDurationMs ? duration : null,
            Detail = payload.Text("detail"),
            MatchedHintIds = payload.Filled("matched_hint_ids", JsonValueKind.Array),
            Metadata = isRecorded ? payload.Filled("metadata", JsonValueKind.Object) : Reference(payload),
        };
    }

    /// <summary>Leads from a wheel's history to its build.</summary>
    private static string? Reference(CanonicalObject payload) =>
        payload.Text("task_id") is { } stepId
            ? JsonSerializer.Serialize(new StepReference(stepId, payload.Text("build_id")), RefineryJson.Options)
            : null;

    /// <summary>The metadata of a row that a step wrote.</summary>
    private sealed record StepReference(string StepId, string? BuildId);
}
