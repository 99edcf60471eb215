namespace Refinery.Kernel.Journal;

/// <summary>An event about to join the journal.</summary>
/// <param name="EventType">For example <c>task.created</c>.</param>
/// <param name="Payload">What happened, complete enough to rebuild every row that follows from it.</param>
public sealed record EventDraft(string EventType, EventPayload Payload)
{
    /// <summary>Unique for ever; made when null.</summary>
    public string? EventId { get; init; }

    /// <summary>Who did it: a pod, a user's word, <c>refinery</c>; null when unknown.</summary>
    public string? ActorId { get; init; }

    /// <summary>The bundle's target; null for our own events.</summary>
    public string? Target { get; init; }

    /// <summary>When it happened, kept to the microsecond; null is now.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>The timestamp in its sender's own writing; null for our own events.</summary>
    public string? SentTimestamp { get; init; }
}

/// <summary>An event of the journal.</summary>
public sealed record JournalEvent : IJournalLine
{
    /// <summary>1 for the first, without gaps.</summary>
    public required long Sequence { get; init; }

    public required string EventId { get; init; }

    public required string EventType { get; init; }

    /// <summary>When it happened, UTC, to the microsecond.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The timestamp as its sender wrote it, or in the journal's form with <c>Z</c>: 2026-01-24T10:00:00Z.</summary>
    public string TimestampText => SentTimestamp ?? EventChain.Written(Timestamp);

    /// <summary>The sender's own writing where it is another than <see cref="TimestampText"/> would be; else null.</summary>
    public string? SentTimestamp { get; init; }

    public string? ActorId { get; init; }

    public string? Target { get; init; }

    /// <summary>What happened; an object of the canonical text.</summary>
    public required CanonicalObject Payload { get; init; }

    /// <summary>64 hex digits: SHA-256 over <see cref="Canonical"/>.</summary>
    public required string Hash { get; init; }

    /// <summary>The hash before; null for the first.</summary>
    public string? PrevHash { get; init; }

    /// <summary>The canonical text as UTF-8, exactly as hashed.</summary>
    public required ReadOnlyMemory<byte> Canonical { get; init; }
}
