using System.Collections.Frozen;
using System.Text.Json;

namespace Refinery.History;

/// <summary>The status words of a wheel event.</summary>
internal enum WheelStatus
{
    Queued,
    Pending,
    Building,
    Retry,
    Built,
    Reused,
    Cached,
    Skipped,
    Missing,
    Failed,
    FailedAttempt,
    SystemRecipeFailed,
    Cancelled,
}

/// <summary>The words as they are written.</summary>
internal static class WheelStatusWords
{
    private static readonly FrozenDictionary<WheelStatus, string> Words = Enum.GetValues<WheelStatus>()
        .ToFrozenDictionary(status => status, status => JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString()));

    private static readonly FrozenDictionary<string, WheelStatus> Statuses =
        Words.ToFrozenDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);

    /// <summary>Every word, in the order of a wheel's life.</summary>
    public static IEnumerable<string> All => Enum.GetValues<WheelStatus>().Select(status => Words[status]);

    extension(WheelStatus status)
    {
        /// <summary>For example <c>failed_attempt</c>.</summary>
        public string Word => Words[status];
    }

    /// <summary>The status of a word; null when it is none.</summary>
    public static WheelStatus? Find(string? word) =>
        word is not null && Statuses.TryGetValue(word, out var status) ? status : null;
}
