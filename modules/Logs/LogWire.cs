using Refinery.Kernel.Web;

namespace Refinery.Logs;

/// <summary>A log from outside.</summary>
/// <param name="Name">The package.</param>
/// <param name="Version">The version.</param>
/// <param name="Content">The whole text; NUL becomes U+FFFD.</param>
/// <param name="Timestamp">When it was written; null is now.</param>
/// <param name="RunId">The run it belongs to; null when none.</param>
/// <param name="Attempt">The attempt's number, 1 or more; null when none.</param>
internal sealed record NewLogBody(
    string Name,
    string Version,
    string Content,
    DateTimeOffset? Timestamp = null,
    string? RunId = null,
    int? Attempt = null) : IChecked
{
    public string? Fault() => PackageName.Fault(Name, "name")
        ?? PackageName.VersionFault(Version)
        ?? (RunId is null ? null : LogNames.Fault("run_id", RunId))
        ?? (Attempt < 1 ? $"The field 'attempt' is {Attempt}; a whole number of 1 or more is expected." : null);

    public NewLog Log(string logId) =>
        new(logId, LogNames.Clean(Name), LogNames.Clean(Version), Attempt, RunId is null ? null : LogNames.Clean(RunId), Timestamp);
}

/// <summary>What stands beside a log's text.</summary>
internal static class LogNames
{
    /// <summary>More than the description of a log takes.</summary>
    public const int MaxHeader = 64 << 10;

    private const int MaxLength = 200;

    /// <summary>Why a text is none of 1 to 200 characters, in one sentence; null when it is one.</summary>
    public static string? Fault(string field, string text) => string.IsNullOrWhiteSpace(text) || text.Length > MaxLength
        ? $"The field '{field}' is {Errors.Quote(text)}; 1 to {MaxLength} characters are expected."
        : null;

    public static string Clean(string text) => text.Replace('\0', '\uFFFD');
}

/// <summary>A log with its text.</summary>
/// <param name="Sha256">64 lower-case hex digits over the UTF-8 content.</param>
/// <param name="SizeBytes">UTF-8 length of the content.</param>
/// <param name="Lines">Its lines; a last one without a break counts.</param>
internal sealed record LogEntry(
    string LogId,
    string Name,
    string Version,
    string Content,
    DateTimeOffset Timestamp,
    string? RunId,
    long? Attempt,
    string Sha256,
    long SizeBytes,
    long Lines);

/// <summary>A log was stored.</summary>
internal sealed record StoredLogAnswer(
    string Detail,
    string LogId,
    string Name,
    string Version,
    DateTimeOffset Timestamp,
    string? RunId,
    int? Attempt,
    string Sha256,
    long SizeBytes,
    long Lines)
{
    public static StoredLogAnswer Of(StoredLogRow stored) => new(
        "The log is stored.",
        stored.Log.LogId,
        stored.Log.Name,
        stored.Log.Version,
        stored.Timestamp,
        stored.Log.RunId,
        stored.Log.Attempt,
        stored.Text.Sha256,
        stored.Text.SizeBytes,
        stored.Text.Lines);
}

/// <summary>A log sent live was stored.</summary>
internal sealed record StreamedLogAnswer(string Detail, string LogId, string Sha256, long SizeBytes, long Lines);

/// <summary>A line of a log that matches a search.</summary>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Snippet">The line; of a long one 300 characters around the match.</param>
internal sealed record FoundLine(
    string LogId,
    string Name,
    string Version,
    long? Attempt,
    DateTimeOffset Timestamp,
    int Line,
    string Snippet,
    FoundMatch Match);

/// <summary>Where the match lies in the snippet, in UTF-16 units.</summary>
internal sealed record FoundMatch(int Start, int Length);

/// <summary>A line on its way to a follower.</summary>
internal sealed record FollowedLine(int Number, string Line);
