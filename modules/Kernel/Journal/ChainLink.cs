namespace Refinery.Kernel.Journal;

/// <summary>A stored event as bytes, to be checked without becoming an object; lives no longer than the row or line it was read from.</summary>
/// <param name="sequence">From 1.</param>
/// <param name="hash">As it is stored.</param>
/// <param name="canonical">As it is stored.</param>
internal readonly ref struct ChainLink(long sequence, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> canonical)
{
    public long Sequence { get; } = sequence;

    /// <summary>64 hex digits, as they are stored.</summary>
    public ReadOnlySpan<byte> Hash { get; } = hash;

    /// <summary>The text that is hashed.</summary>
    public ReadOnlySpan<byte> Canonical { get; } = canonical;

    /// <summary>True when id and type are stored beside the text too, and are to be the same.</summary>
    public bool HasColumns { get; init; }

    /// <summary>What is stored beside the text as the event's id.</summary>
    public ReadOnlySpan<byte> EventId { get; init; }

    /// <summary>What is stored beside the text as the event's type.</summary>
    public ReadOnlySpan<byte> EventType { get; init; }
}
