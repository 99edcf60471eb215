namespace Refinery.Kernel.Journal;

/// <summary>Shows by a checkpoint that an event is in the journal, or that the journal goes on from an older checkpoint; as <c>GET /api/journal/proof</c> answers it.</summary>
/// <param name="Checkpoint">What the proof leads to.</param>
/// <param name="Hashes">64 hex digits each, the deepest first. Source: RFC 6962, section 2.1.1 and 2.1.2.</param>
/// <param name="Sequence">Of the event that is shown to be in the journal; else null.</param>
/// <param name="Line">That event as it stands in the journal's file: the leaf.</param>
/// <param name="From">The size of the older checkpoint; else null.</param>
public sealed record JournalProof(SignedCheckpoint Checkpoint, IReadOnlyList<string> Hashes, long? Sequence = null, string? Line = null, long? From = null)
{
    /// <summary>Checks what the proof says, from nothing but its checkpoint.</summary>
    /// <param name="checkpoint">The proof's own, opened by a public key that does not come from where the proof comes from.</param>
    /// <param name="before">The older checkpoint, opened; needed where <see cref="From"/> is set.</param>
    /// <returns>Why it does not hold, in one sentence; null when it does.</returns>
    public string? Fault(Checkpoint checkpoint, Checkpoint? before)
    {
        if (Read(Hashes) is not { } hashes)
        {
            return "The proof's hashes are not 64 hex digits each.";
        }

        return (Sequence, Line, From, before) switch
        {
            ({ } sequence, { } line, null, null) => Includes(sequence, line)
                ? null
                : $"Event {sequence} is not shown to be in the journal of {checkpoint.Tree.Size} events: the hashes do not lead to the signed root.",
            ({ }, { }, null, not null) => "The proof shows an event and says nothing of an older checkpoint; leave --checkpoint out, or ask the server for a proof from the checkpoint's size.",
            (null, null, { }, null) => "The proof leads on from an older checkpoint; --checkpoint names that one.",
            (null, null, { } from, { Tree: var older }) when older.Size != from => $"The proof leads on from {from} events, but the checkpoint has {older.Size}.",
            (null, null, { } from, { Tree: var older }) => MerkleProof.Continues(older, hashes, checkpoint.Tree)
                ? null
                : $"The journal of {checkpoint.Tree.Size} events does not go on from the checkpoint of {from}: one of the first {from} was changed.",
            _ => "The proof is to show either an event, by sequence and line, or that the journal goes on from an older size, by from; this one does not.",
        };

        bool Includes(long sequence, string line) =>
            MerkleProof.Includes(MerkleHash.Leaf(System.Text.Encoding.UTF8.GetBytes(line)), sequence - 1, hashes, checkpoint.Tree);
    }

    private static List<byte[]>? Read(IReadOnlyList<string?> hashes) =>
        hashes.All(hash => hash is { Length: 2 * MerkleHash.Length } && hash.All(char.IsAsciiHexDigit)) ? [.. hashes.OfType<string>().Select(Convert.FromHexString)] : null;
}
