using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;

namespace Refinery.Logs;

/// <summary>One row a <c>log.stored</c> event. The text itself is not in the journal: its digest is.</summary>
internal sealed class LogProjection : IProjection
{
    public const string EventType = "log.stored";

    public string Name => "logs";

    public static EventDraft Draft(NewLog log, LogText text, DateTimeOffset timestamp) => new(
        EventType,
        new EventPayload()
            .Add("log_id", log.LogId)
            .Add("name", log.Name)
            .Add("version", log.Version)
            .Add("attempt", log.Attempt)
            .Add("run_id", log.RunId)
            .Add("step_id", log.StepId)
            .Add("timestamp", timestamp)
            .Add("sha256", text.Sha256)
            .Add("size_bytes", (long)text.SizeBytes)
            .Add("lines", (long)text.Lines));

    public Task ResetAsync(SqlSession sql) => LogStore.ResetAsync(sql);

    public async Task ApplyAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        foreach (var stored in events.Where(link => link.EventType == EventType && link.Target is null))
        {
            if (Row(stored.Sequence, stored.Payload) is { } log)
            {
                await LogStore.InsertAsync(sql, log);
            }
        }
    }

    // Null for an event of that name that somebody else made: it is theirs and no log of ours.
    private static LogRow? Row(long sequence, CanonicalObject payload)
    {
        if (payload.TextMember("log_id") is not { } logId || payload.TextMember("name") is not { } name || payload.TextMember("version") is not { } version
            || payload.TextMember("sha256") is not { } sha256 || !Instant.TryParse(payload.TextMember("timestamp"), out var timestamp)
            || payload.WholeMember("size_bytes") is not { } size || payload.WholeMember("lines") is not { } lines)
        {
            return null;
        }

        return new LogRow
        {
            LogId = logId,
            Sequence = sequence,
            Name = name,
            NormalizedName = PackageName.Normalize(name),
            Version = version,
            Attempt = payload.WholeMember("attempt"),
            RunId = payload.TextMember("run_id"),
            Timestamp = timestamp,
            Sha256 = sha256,
            SizeBytes = size,
            Lines = lines,
        };
    }
}

/// <summary>What the journal says of a text.</summary>
internal sealed record LogText(string Sha256, int SizeBytes, int Lines)
{
    public static LogText Of(LogDraft draft) => new(Convert.ToHexStringLower(draft.Sha256), draft.Length, draft.Lines);
}
