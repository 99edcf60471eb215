using System.Buffers;
using System.Security.Cryptography;
using Refinery.Kernel.Storage;

namespace Refinery.Kernel.Journal;

/// <summary>Makes the links of the hash chain and reads them back.</summary>
/// <remarks>hash = sha256_hex(utf8(canonical {actor_id, event_id, event_type, payload, prev_hash, timestamp})). Source: docs/spec/event-graph.md, "Hash chain".</remarks>
internal static class EventChain
{
    /// <summary>The next link after <paramref name="head"/>.</summary>
    /// <param name="draft">With its id and timestamp set.</param>
    public static JournalEvent Link(EventDraft draft, JournalHead head, ArrayBufferWriter<byte> buffer)
    {
        var (eventId, timestamp) = Identity(draft);
        buffer.ResetWrittenCount();
        Member(buffer, "{\"actor_id\":"u8, draft.ActorId);
        Member(buffer, ",\"event_id\":"u8, eventId);
        Member(buffer, ",\"event_type\":"u8, draft.EventType);
        buffer.Write(",\"payload\":"u8);
        var payload = draft.Payload.Made;
        buffer.Write(payload.Text);
        Member(buffer, ",\"prev_hash\":"u8, head.Hash);
        Member(buffer, ",\"timestamp\":"u8, CanonicalInstant(timestamp));
        buffer.Write("}"u8);

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(buffer.WrittenSpan, digest);
        return new JournalEvent
        {
            Sequence = head.Sequence + 1,
            EventId = eventId,
            EventType = draft.EventType,
            Timestamp = timestamp,
            SentTimestamp = draft.SentTimestamp is { } sent && sent != Written(timestamp) ? sent : null,
            ActorId = draft.ActorId,
            Target = draft.Target,
            PrevHash = head.Hash,
            Payload = payload,
            Hash = Convert.ToHexStringLower(digest),
            Canonical = buffer.WrittenSpan.ToArray(),
        };
    }

    /// <summary>Reads a stored link; checks nothing.</summary>
    public static JournalEvent Read(EventRow row)
    {
        var link = new CanonicalObject(row.Canonical);
        return new JournalEvent
        {
            Sequence = row.Sequence,
            EventId = row.EventId,
            EventType = row.EventType,
            Timestamp = Storage.Instant.Parse(link.TextMember("timestamp") ?? string.Empty),
            ActorId = link.TextMember("actor_id"),
            SentTimestamp = row.SentTimestamp,
            Target = row.Target,
            Payload = link.Object("payload") ?? throw new FormatException($"Event {row.Sequence} has no payload."),
            PrevHash = link.TextMember("prev_hash"),
            Hash = row.Hash,
            Canonical = row.Canonical,
        };
    }

    /// <summary>An instant as the canonical text has it, but with <c>Z</c>.</summary>
    public static string Written(DateTimeOffset instant) => $"{CanonicalInstant(instant).AsSpan(..^6)}Z";

    /// <summary>True when an event from elsewhere says what a stored link says.</summary>
    public static bool IsSame(EventDraft draft, EventRow row)
    {
        var before = new JournalHead(row.Sequence - 1, Read(row).PrevHash);
        return Link(draft, before, new ArrayBufferWriter<byte>(1024)).Hash == row.Hash;
    }

    private static (string EventId, DateTimeOffset Timestamp) Identity(EventDraft draft) => draft switch
    {
        { EventId: { } eventId, Timestamp: { } timestamp } => (eventId, Storage.Instant.Truncate(timestamp)),
        _ => throw new ArgumentException("A draft is linked only with its id and timestamp set."),
    };

    /// <summary>As Python's <c>isoformat</c> writes it: without a fraction where there is none.</summary>
    private static string CanonicalInstant(DateTimeOffset instant)
    {
        var written = Storage.Instant.Format(instant).AsSpan(..^1);
        return $"{(instant.UtcTicks % TimeSpan.TicksPerSecond == 0 ? written[..written.IndexOf('.')] : written)}+00:00";
    }

    private static void Member(ArrayBufferWriter<byte> buffer, ReadOnlySpan<byte> name, string? value)
    {
        buffer.Write(name);
        if (value is null)
        {
            buffer.Write("null"u8);
            return;
        }

        CanonicalJson.WriteText(buffer, value);
    }
}

/// <summary>The end of the chain.</summary>
/// <param name="Sequence">0 for an empty journal.</param>
/// <param name="Hash">Null for an empty journal.</param>
public sealed record JournalHead(long Sequence, string? Hash)
{
    /// <summary>Where every chain begins.</summary>
    public static JournalHead Genesis { get; } = new(0, null);
}

/// <summary>A row of the table <c>events</c>.</summary>
internal sealed record EventRow : IJournalLine
{
    public required long Sequence { get; init; }
    public required string EventId { get; init; }
    public required string EventType { get; init; }
    public string? Target { get; init; }
    public string? SentTimestamp { get; init; }
    public required ReadOnlyMemory<byte> Canonical { get; init; }
    public required string Hash { get; init; }

    /// <summary>The columns in the order <see cref="Read"/> takes them.</summary>
    public const string Columns = "sequence, event_id, event_type, target, sent_timestamp, canonical, hash";

    /// <summary>Reads a row by position.</summary>
    public static EventRow Read(ISqlRow row) => new()
    {
        Sequence = row.Whole(0),
        EventId = row.Text(1),
        EventType = row.Text(2),
        Target = row.IsNull(3) ? null : row.Text(3),
        SentTimestamp = row.IsNull(4) ? null : row.Text(4),
        Canonical = row.Utf8(5).ToArray(),
        Hash = row.Text(6),
    };
}
