namespace Refinery.Kernel.Journal;

/// <summary>What verifying the chain found.</summary>
/// <param name="Length">Good events before the first bad one, or all.</param>
/// <param name="HeadHash">The hash of the last good event; null when there is none.</param>
/// <param name="FirstBadSequence">Null when valid.</param>
/// <param name="Reason">Why that event is bad, in one sentence; null when valid.</param>
public sealed record JournalVerdict(bool Valid, long Length, string? HeadHash, long? FirstBadSequence, string? Reason);
