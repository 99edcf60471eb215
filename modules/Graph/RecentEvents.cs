using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Graph;

/// <summary>The newest events of the graph, however much of the control plane's own affairs the journal holds after them.</summary>
internal static class RecentEvents
{
    private const int Count = 20;

    /// <summary>The families of events that the graph is made of; what else is in the journal is the control plane's own affair.</summary>
    private static readonly string[] Families = ["target.", "task.", "attempt.", "artifact.", "pr.", "job.", "tests.", "model."];

    /// <summary>The spans that hold these events, and when the first of each happened.</summary>
    public static IReadOnlyList<GraphSpan> SpansOf(IReadOnlyList<JournalEvent> events) =>
        [.. events.Where(IsOfTheGraph).GroupBy(SpanOf).Select(span => new GraphSpan(span.Key, span.Min(link => link.Timestamp)))];

    /// <summary>The newest 20 of what had happened by an instant, newest first.</summary>
    public static async Task<IReadOnlyList<RecentEvent>> ListAsync(SqlSession sql, DateTimeOffset until)
    {
        var recent = new List<RecentEvent>();
        foreach (var span in await GraphSpanStore.ListAsync(sql, until, Count))
        {
            var events = await EventJournal.ListBeforeAsync(sql, (span + 1) * GraphSpanStore.Width, GraphSpanStore.Width);
            recent.AddRange(events.Where(link => SpanOf(link) == span && link.Timestamp <= until && IsOfTheGraph(link)).Select(Recent));
            if (recent.Count >= Count)
            {
                break;
            }
        }

        return [.. recent.Take(Count)];
    }

    private static long SpanOf(JournalEvent link) => link.Sequence / GraphSpanStore.Width;

    private static bool IsOfTheGraph(JournalEvent link) =>
        link.Target is not null || Array.Exists(Families, family => link.EventType.StartsWith(family, StringComparison.Ordinal));

    private static RecentEvent Recent(JournalEvent link) => new(
        link.EventId, link.TimestampText, link.EventType, link.ActorId, link.Target, link.Payload.TextMember("attempt_id"));
}
