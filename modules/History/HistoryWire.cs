using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Web;

namespace Refinery.History;

/// <summary>What happened to a wheel.</summary>
internal sealed record HistoryEvent(
    string? RunId,
    string Name,
    string Version,
    string? PythonTag,
    string? PlatformTag,
    string Status,
    string? Detail,
    JsonElement Metadata,
    DateTimeOffset Timestamp,
    IReadOnlyList<string> MatchedHintIds,
    long? Attempt,
    double? DurationMs)
{
    private static readonly JsonElement NoMetadata = Parse("{}");

    public static HistoryEvent Of(HistoryRow row) => new(
        row.RunId,
        row.Name,
        row.Version,
        row.PythonTag,
        row.PlatformTag,
        row.Status,
        row.Detail,
        row.Metadata is { } metadata ? Parse(metadata) : NoMetadata,
        row.Timestamp,
        row.MatchedHintIds is { } ids ? Texts(Parse(ids)) : [],
        row.Attempt,
        row.DurationMs);

    private static JsonElement Parse(string json) => JsonElement.Parse(json);

    private static IReadOnlyList<string> Texts(JsonElement array) =>
        [.. array.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString() ?? string.Empty)];
}

/// <summary>A wheel event that a worker sends.</summary>
internal sealed record NewHistoryEvent(
    string Name,
    string Version,
    WheelStatus Status,
    string? RunId = null,
    string? PythonTag = null,
    string? PlatformTag = null,
    string? Detail = null,
    JsonElement? Metadata = null,
    DateTimeOffset? Timestamp = null,
    IReadOnlyList<string>? MatchedHintIds = null,
    long? Attempt = null,
    double? DurationMs = null) : IChecked
{
    private const int LongestName = 200;
    private const int LongestDetail = 65_536;
    private const double LongestDurationMs = 1e10;

    /// <inheritdoc />
    public string? Fault() => this switch
    {
        _ when PackageName.Fault(Name, "name") is { } fault => fault,
        _ when PackageName.VersionFault(Version) is { } fault => fault,
        // The framework reads "built,failed" as a combination of flags.
        _ when !Enum.IsDefined(Status) => $"The field 'status' is no single word; one of {string.Join(", ", WheelStatusWords.All)} is expected.",
        _ when TooLong("run_id", RunId, LongestName) is { } fault => fault,
        _ when TooLong("python_tag", PythonTag, LongestName) is { } fault => fault,
        _ when TooLong("platform_tag", PlatformTag, LongestName) is { } fault => fault,
        _ when TooLong("detail", Detail, LongestDetail) is { } fault => fault,
        { Metadata: { ValueKind: not JsonValueKind.Object } metadata } =>
            $"The field 'metadata' is {Errors.Quote(metadata.GetRawText())}; a JSON object is expected.",
        { Attempt: < 0 } => $"The field 'attempt' is {Attempt}; 0 or more is expected.",
        { DurationMs: < 0 or > LongestDurationMs } => $"The field 'duration_ms' is {DurationMs}; 0 to {LongestDurationMs} milliseconds are expected.",
        _ when MatchedHintIds?.Any(id => id is null) == true => "The field 'matched_hint_ids' holds null; texts are expected.",
        _ when (MatchedHintIds ?? []).Select(id => TooLong("matched_hint_ids", id, LongestName)).OfType<string>().FirstOrDefault() is { } fault => fault,
        _ => null,
    };

    /// <summary>The journal event that says the same.</summary>
    public EventDraft Draft()
    {
        var payload = new EventPayload()
            .Add("package", Name)
            .Add("version", Version)
            .Add("status", Status.Word)
            .Add("run_id", RunId)
            .Add("python_tag", PythonTag)
            .Add("platform_tag", PlatformTag)
            .Add("detail", Detail)
            .Add("timestamp", Timestamp)
            .Add("attempt", Attempt)
            .AddList("matched_hint_ids", MatchedHintIds ?? [])
            .AddJson("metadata", Metadata ?? default);
        if (DurationMs is { } duration)
        {
            payload.AddValue("duration_ms", duration);
        }

        return new EventDraft(WheelEvents.Recorded, payload.Seal());
    }

    private static string? TooLong(string field, string? text, int longest) => text?.Length > longest
        ? $"The field '{field}' has {text.Length} characters; at most {longest} are expected."
        : null;
}

/// <summary>What a recorder is told.</summary>
internal sealed record RecordedAnswer(string Detail, int Count);

/// <summary>How things stand.</summary>
/// <param name="StatusCounts">Events of the window by status word; words without one are left out.</param>
/// <param name="Failures">The latest failures, newest first.</param>
/// <param name="WindowHours">0 for all there ever was.</param>
internal sealed record SummaryAnswer(IReadOnlyDictionary<string, long> StatusCounts, IReadOnlyList<HistoryEvent> Failures, long WindowHours);

/// <summary>A package's history in short.</summary>
/// <param name="Latest">Null for a package nobody has heard of.</param>
internal sealed record PackageAnswer(string Name, IReadOnlyDictionary<string, long> StatusCounts, HistoryEvent? Latest);

/// <summary>How often a package failed.</summary>
internal sealed record TopFailureAnswer(string Name, long Value, long Failures);

/// <summary>How many milliseconds a package's builds took on average.</summary>
internal sealed record TopSlowestAnswer(string Name, double Value, double AvgDuration);
