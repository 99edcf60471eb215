using System.Text.Json;
using System.Text.Json.Serialization;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Builds.Records;

/// <summary>A build in a list.</summary>
/// <param name="Id">The id under which it is asked for.</param>
/// <param name="Name">The same as <paramref name="Id"/>.</param>
/// <param name="Status">pending, running, succeeded, failed or cancelled.</param>
/// <param name="StartedAt">When its first attempt started.</param>
/// <param name="Duration">Seconds from its start to its end.</param>
internal sealed record BuildAnswer(
    string Id, string Name, string ThirdPartyId, string ParserId, string Status, DateTimeOffset CreatedAt,
    DateTimeOffset? StartedAt, DateTimeOffset? CompletedAt, double? Duration, string? ImageUri, string StepId)
{
    public static BuildAnswer Of(BuildRow row) => new(
        row.BuildId, row.BuildId, row.ThirdPartyId, row.ParserId, row.Status, row.CreatedAt,
        row.StartedAt, row.CompletedAt, DurationOf(row), row.ImageUri, row.StepId);

    public static double? DurationOf(BuildRow row) => (row.CompletedAt - row.StartedAt)?.TotalSeconds;
}

/// <summary>One page of builds.</summary>
/// <param name="Count">Builds on this page.</param>
/// <param name="Total">Builds that pass the filter.</param>
/// <param name="Duration">Seconds the answer took.</param>
internal sealed record BuildListAnswer(
    IReadOnlyList<BuildAnswer> Builds, int Count, long Total, int Limit, int Offset, bool HasMore,
    bool Success, DateTimeOffset Timestamp, double Duration, string CorrelationId);

/// <summary>One build in full.</summary>
/// <param name="Job">What runs it.</param>
/// <param name="ErrorMessage">Why it failed or who cancelled it; null else.</param>
/// <param name="LogsPreview">The last lines of its last attempt's log; empty when there are none.</param>
internal sealed record BuildDetail(
    string Id, string Name, string ThirdPartyId, string ParserId, string Status, DateTimeOffset CreatedAt,
    DateTimeOffset? StartedAt, DateTimeOffset? CompletedAt, double? Duration, string? ImageUri, string StepId,
    JobAnswer Job, IReadOnlyList<AttemptAnswer> Attempts, IReadOnlyList<BuildEventAnswer> Events, string? ErrorMessage, string LogsPreview)
{
    public static BuildDetail Of(BuildRow row, IReadOnlyList<AttemptRow> attempts, string logs) => new(
        row.BuildId, row.BuildId, row.ThirdPartyId, row.ParserId, row.Status, row.CreatedAt,
        row.StartedAt, row.CompletedAt, BuildAnswer.DurationOf(row), row.ImageUri, row.StepId,
        JobAnswer.Of(row, attempts),
        [.. attempts.Select(attempt => AttemptAnswer.Of(row, attempt))],
        [.. BuildEventAnswer.Of(row, attempts)],
        row.Status is BuildStatus.Failed or BuildStatus.Cancelled ? row.Detail : null,
        logs);
}

/// <summary>What runs a build: its step.</summary>
/// <param name="Type">The step's type.</param>
/// <param name="Status">The status of the last attempt: created, running, succeeded, failed or invalidated; pending before the first.</param>
/// <param name="PodId">Who made or makes the last attempt.</param>
internal sealed record JobAnswer(string StepId, string Type, string Status, string? PodId, int Attempts)
{
    public static JobAnswer Of(BuildRow row, IReadOnlyList<AttemptRow> attempts)
    {
        var last = attempts is [.., var attempt] ? attempt : null;
        return new JobAnswer(row.StepId, row.Type, last?.Status ?? BuildStatus.Pending, last?.PodId, attempts.Count);
    }
}

/// <summary>One attempt at a build.</summary>
/// <param name="Status">created, running, succeeded, failed or invalidated.</param>
/// <param name="MatchedHintIds">The hints whose patterns its log matched.</param>
/// <param name="LogUrl">Where its log is read; null when none is stored.</param>
internal sealed record AttemptAnswer(
    string AttemptId, long Attempt, string Status, string? PodId, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt,
    string? Detail, string? FailureReason, IReadOnlyList<string> MatchedHintIds, string? LogUrl)
{
    public static AttemptAnswer Of(BuildRow build, AttemptRow row) => new(
        Kernel.Work.AttemptId.Of(row.StepId, row.AttemptNumber), row.AttemptNumber, row.Status, row.PodId, row.CreatedAt, row.StartedAt, row.EndedAt,
        row.Detail, row.FailureReason, row.MatchedHintIds is { } ids ? JsonSerializer.Deserialize<string[]>(ids) ?? [] : [],
        row.LogSha256 is { } sha256 ? UrlOf(LogPlace.Of(build, row.AttemptNumber), sha256) : null);

    /// <summary>Names the text too: the same version may have been built before and since.</summary>
    private static string UrlOf(LogKey key, string sha256) =>
        $"/api/logs/{Uri.EscapeDataString(key.Name)}/{Uri.EscapeDataString(key.Version)}?attempt={key.Attempt}&sha256={sha256}";
}

/// <summary>Something that happened to a build.</summary>
/// <param name="Type">build.created, build.cancelled, or attempt. and the attempt's status.</param>
internal sealed record BuildEventAnswer(string Type, DateTimeOffset Timestamp, long? Attempt, string? Detail)
{
    /// <summary>In the order they happened.</summary>
    public static IEnumerable<BuildEventAnswer> Of(BuildRow row, IReadOnlyList<AttemptRow> attempts)
    {
        yield return new BuildEventAnswer("build.created", row.CreatedAt, Attempt: null, Detail: null);
        foreach (var attempt in attempts)
        {
            yield return new BuildEventAnswer("attempt.created", attempt.CreatedAt, attempt.AttemptNumber, attempt.PodId);
            if (attempt.StartedAt is { } started)
            {
                yield return new BuildEventAnswer("attempt.started", started, attempt.AttemptNumber, Detail: null);
            }

            if (attempt.EndedAt is { } ended)
            {
                yield return new BuildEventAnswer($"attempt.{attempt.Status}", ended, attempt.AttemptNumber, attempt.Detail);
            }
        }

        if (row is { Status: BuildStatus.Cancelled, CompletedAt: { } cancelled })
        {
            yield return new BuildEventAnswer("build.cancelled", cancelled, Attempt: null, row.Detail);
        }
    }
}

/// <summary>Where the log of a build's attempt is kept: under the package of a wheel build, under the type of other steps.</summary>
internal static class LogPlace
{
    public static LogKey Of(BuildRow build, long attempt) => build is { Type: StepTypes.WheelBuild, Package: { } package }
        ? new LogKey(package, build.Version ?? "latest", (int)attempt, build.RunId, build.StepId)
        : new LogKey(build.Type, build.StepId, (int)attempt, build.RunId, build.StepId);
}

/// <summary>A build that was asked for.</summary>
/// <param name="Duration">Seconds the answer took.</param>
internal sealed record BuildFoundAnswer(BuildDetail Build, bool Success, DateTimeOffset Timestamp, double Duration, string CorrelationId);

/// <summary>A build was cancelled.</summary>
/// <param name="Duration">Seconds the answer took.</param>
internal sealed record BuildCancelledAnswer(
    string BuildId, string Status, string Message, bool Success, DateTimeOffset Timestamp, double Duration, string CorrelationId);

/// <summary>Cancels every build that has not ended and passes all filters given.</summary>
/// <param name="ThirdPartyId">Only builds of this third party.</param>
/// <param name="ParserId">Only builds of this parser.</param>
/// <param name="Package">Only builds of this package, in any spelling.</param>
/// <param name="Version">Only builds of this version, letter by letter.</param>
/// <param name="PythonTag">Only builds that were queued for this python tag; empty for those that name none.</param>
/// <param name="PlatformTag">Only builds that were queued for this platform tag; empty for those that name none.</param>
/// <param name="RunId">Only builds of this run.</param>
/// <param name="Status">Only those that are <c>pending</c>, or only those that are <c>running</c>.</param>
/// <param name="DryRun">True to change nothing and say what would be cancelled.</param>
/// <param name="Reason">Why, in a sentence of at most 1000 characters; it stands in the journal and at the end of each log.</param>
internal sealed record CancelBuildsBody(
    string? ThirdPartyId = null, string? ParserId = null, string? Package = null, string? Version = null, string? PythonTag = null, string? PlatformTag = null,
    string? RunId = null, string? Status = null, bool DryRun = false, string? Reason = null) : IChecked
{
    public string? Fault() => this switch
    {
        _ when Filter == new ActiveFilter() =>
            "The body names no filter; third_party_id, parser_id, package, version, python_tag, platform_tag, run_id or status is expected, status 'pending' for all that wait.",
        { Status: not (null or BuildStatus.Pending or BuildStatus.Running) } => $"The field 'status' is {Errors.Quote(Status)}; pending or running is expected, the others have ended.",
        _ when Package is not null && PackageName.Fault(Package) is { } fault => fault,
        _ when Version is not null && PackageName.VersionFault(Version) is { } fault => fault,
        _ when KeyFault("third_party_id", ThirdPartyId) is { } fault => fault,
        _ when KeyFault("parser_id", ParserId) is { } fault => fault,
        _ when KeyFault("python_tag", PythonTag) is { } fault => fault,
        _ when KeyFault("platform_tag", PlatformTag) is { } fault => fault,
        _ when KeyFault("run_id", RunId) is { } fault => fault,
        _ => Records.Reason.Fault("field", Reason),
    };

    [JsonIgnore]
    public ActiveFilter Filter => new()
    {
        ThirdPartyId = ThirdPartyId,
        ParserId = ParserId,
        NameKey = Package is null ? null : PackageName.Normalize(Package),
        Version = Version,
        PythonTag = PythonTag,
        PlatformTag = PlatformTag,
        RunId = RunId,
        Status = Status,
    };

    private static string? KeyFault(string field, string? key) => key is { Length: > BuildEvents.LongestKey }
        ? $"The field '{field}' has {key.Length} characters, beginning with {Errors.Quote(key)}; at most {BuildEvents.LongestKey} are expected."
        : null;
}

/// <summary>Builds were cancelled, or would be.</summary>
/// <param name="DryRun">True when nothing was changed.</param>
/// <param name="Count">How many builds: those that this call has cancelled, or that it would have.</param>
/// <param name="BuildIds">Their ids, oldest first, at most 100.</param>
/// <param name="Duration">Seconds the answer took.</param>
internal sealed record BuildsCancelledAnswer(
    bool DryRun, long Count, IReadOnlyList<string> BuildIds, bool Success, DateTimeOffset Timestamp, double Duration, string CorrelationId);

/// <summary>A build that had ended waits again.</summary>
/// <param name="Duration">Seconds the answer took.</param>
internal sealed record BuildRetriedAnswer(
    string BuildId, string StepId, string Status, string Message, bool Success, DateTimeOffset Timestamp, double Duration, string CorrelationId);

/// <summary>How busy the pool of this process is.</summary>
/// <param name="WorkerCount">Steps this process runs side by side.</param>
/// <param name="QueueSize">Steps that wait.</param>
/// <param name="MaxQueueSize">Steps that may wait.</param>
/// <param name="ResultsCount">Builds that ended in the last hour.</param>
/// <param name="IsShutdown">True once the process was told to stop.</param>
internal sealed record JobStatsAnswer(
    int WorkerCount, long QueueSize, long MaxQueueSize, long ResultsCount, bool IsShutdown, DateTimeOffset Timestamp);
