namespace Refinery.Kernel.Journal;

/// <summary>What a line of the journal's file is made of.</summary>
internal interface IJournalLine
{
    long Sequence { get; }

    string Hash { get; }

    string? Target { get; }

    string? SentTimestamp { get; }

    ReadOnlyMemory<byte> Canonical { get; }
}
