using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Web;

namespace Refinery.Builds.Records;

/// <summary>Reads builds out of journal events.</summary>
internal static class BuildEvents
{
    /// <summary>Indexed text is bounded by what an index entry holds; a build with longer ids is not listed.</summary>
    public const int LongestKey = 200;

    private const int LongestId = 600;

    /// <summary>Whether the event tells of a build of ours; events of others, which may have the same types, name their target.</summary>
    public static bool IsOfBuild(JournalEvent link) =>
        link.Target is null
        && (link.EventType.StartsWith("task.", StringComparison.Ordinal) || link.EventType.StartsWith("attempt.", StringComparison.Ordinal))
        && Text(link.Payload, "build_id") is { Length: <= LongestId } && Text(link.Payload, "task_id") is not null;

    /// <summary>The id of the build that the event tells of.</summary>
    public static string BuildId(JournalEvent link) => Text(link.Payload, "build_id") ?? string.Empty;

    /// <summary>The id of the step that the event tells of.</summary>
    public static string StepId(JournalEvent link) => Text(link.Payload, "task_id") ?? string.Empty;

    /// <summary>The build that begins with the event, or null.</summary>
    public static BuildRow? NewBuild(JournalEvent link)
    {
        var payload = link.Payload;
        if (link.EventType != "task.created" || Text(payload, "build_id") is not { } buildId || Text(payload, "task_id") is not { } stepId)
        {
            return null;
        }

        var (package, version, type) = (Text(payload, "package"), Text(payload, "version"), Text(payload, "step_type") ?? string.Empty);
        var metadata = payload.Object("metadata");
        var thirdParty = Filled(metadata, "third_party_id") ?? "refinery";
        var parser = Filled(metadata, "parser_id") ?? (package is null ? type : $"{package}-{version ?? "latest"}");
        return thirdParty.Length > LongestKey || parser.Length > LongestKey ? null : new BuildRow
        {
            StepId = stepId,
            Sequence = link.Sequence,
            BuildId = buildId,
            Type = type,
            ThirdPartyId = thirdParty,
            ParserId = parser,
            ImageUri = Filled(metadata, "image_uri"),
            Package = package,
            NameKey = package is null ? null : PackageName.Normalize(package),
            Version = version,
            PythonTag = Text(payload, "python_tag"),
            PlatformTag = Text(payload, "platform_tag"),
            RunId = Text(payload, "run_id"),
            Status = BuildStatus.Pending,
            CreatedAt = link.Timestamp,
        };
    }

    /// <summary>The attempt that begins with the event, or null.</summary>
    public static AttemptRow? NewAttempt(JournalEvent link) => link.EventType == "attempt.created" && Attempt(link) is { } attempt
        ? attempt with { PodId = Text(link.Payload, "pod_id"), EndedAt = null }
        : null;

    /// <summary>The status of the build after the event; null when the event changes none.</summary>
    public static string? StatusAfter(JournalEvent link) => link.EventType switch
    {
        "attempt.started" => BuildStatus.Running,
        "attempt.succeeded" => BuildStatus.Succeeded,
        "attempt.failed" => link.Payload.IsTrue("will_retry") ? BuildStatus.Pending : BuildStatus.Failed,
        "attempt.invalidated" => link.Payload.IsTrue("requeued") ? BuildStatus.Pending : BuildStatus.Cancelled,
        "task.updated" when Text(link.Payload, "status") is BuildStatus.Cancelled or BuildStatus.Pending => Text(link.Payload, "status"),
        _ => null,
    };

    /// <summary>The build after the event.</summary>
    public static BuildState Changed(BuildState before, string status, JournalEvent link) => before with
    {
        Status = status,
        StartedAt = status switch
        {
            BuildStatus.Running => before.StartedAt ?? link.Timestamp,
            // A build that had ended begins anew; one that waits for its next attempt does not.
            BuildStatus.Pending when before.CompletedAt is not null => null,
            _ => before.StartedAt,
        },
        CompletedAt = status is BuildStatus.Pending or BuildStatus.Running ? null : link.Timestamp,
        Detail = Text(link.Payload, "detail") ?? before.Detail,
    };

    /// <summary>What the event says of its attempt; null when it is about none.</summary>
    public static AttemptRow? Attempt(JournalEvent link)
    {
        var payload = link.Payload;
        if (Text(payload, "task_id") is not { } stepId || payload.WholeMember("attempt_number") is not { } number || Text(payload, "status") is not { } status)
        {
            return null;
        }

        var isStart = link.EventType == "attempt.started";
        return new AttemptRow
        {
            StepId = stepId,
            AttemptNumber = number,
            Status = status,
            CreatedAt = link.Timestamp,
            StartedAt = isStart ? link.Timestamp : null,
            EndedAt = isStart ? null : link.Timestamp,
            Detail = Text(payload, "detail"),
            FailureReason = Text(payload, "failure_reason"),
            MatchedHintIds = payload.Member("matched_hint_ids", JsonValueKind.Array)?.GetRawText(),
            LogSha256 = Text(payload, "log_sha256"),
        };
    }

    /// <summary>The log of an attempt that the event tells of, or null.</summary>
    public static AttemptLog? Log(JournalEvent link) => link is { Target: null, EventType: "log.stored" }
        && Text(link.Payload, "step_id") is { } stepId && link.Payload.WholeMember("attempt") is { } attempt && Text(link.Payload, "sha256") is { } sha256
            ? new AttemptLog(stepId, attempt, sha256)
            : null;

    /// <summary>A text without the NUL characters that a database cannot hold.</summary>
    private static string? Text(CanonicalObject? payload, string name) => payload?.TextMember(name)?.Replace('\0', '\uFFFD');

    private static string? Filled(CanonicalObject? payload, string name) => Text(payload, name) is { Length: > 0 } text ? text : null;
}
