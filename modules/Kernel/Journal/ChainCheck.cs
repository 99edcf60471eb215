using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Refinery.Kernel.Journal;

/// <summary>Follows a chain link by link from its first one on, and compares it with what a checkpoint says of it. Not safe for two threads at once.</summary>
/// <remarks>It works on bytes and keeps none of them, so that hashing is what takes the time.</remarks>
internal sealed class ChainCheck : IDisposable
{
    private const int HashDigits = 64;
    private const string NoEvent = "the stored text is not an event";

    private readonly Checkpoint? checkpoint;
    private readonly MerkleFrontier tree = new();
    private readonly IncrementalHash sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] hash = new byte[HashDigits];
    private byte[] signedRoot = MerkleHash.Empty;
    private long sequence;

    /// <summary>Begins before the first link and makes the tree over all of them.</summary>
    /// <param name="checkpoint">What the chain is to hold unchanged; null when that is not asked.</param>
    public ChainCheck(Checkpoint? checkpoint)
        : this(JournalHead.Genesis)
    {
        this.checkpoint = checkpoint;
        CountsLines = true;
    }

    /// <summary>Begins behind a link that is taken at its word; makes no tree.</summary>
    public ChainCheck(JournalHead head)
    {
        sequence = head.Sequence;
        Encoding.ASCII.GetBytes(head.Hash ?? string.Empty, hash);
    }

    /// <summary>The last good link.</summary>
    public JournalHead Head => new(sequence, sequence == 0 ? null : Encoding.ASCII.GetString(hash));

    /// <summary>True when the lines themselves matter, for the tree.</summary>
    public bool CountsLines { get; }

    /// <summary>The tree over the lines so far.</summary>
    public TreeHead Tree => new(tree.Size, tree.Root);

    /// <summary>Takes the next link.</summary>
    /// <param name="leaf">The hash of its line; needed while <see cref="CountsLines"/>.</param>
    /// <returns>Why it does not follow, in one sentence; null when it does.</returns>
    public string? Follow(in ChainLink link, byte[]? leaf = null)
    {
        if (Fault(link) is { } fault)
        {
            return fault;
        }

        sequence = link.Sequence;
        link.Hash.CopyTo(hash);
        if (leaf is not null)
        {
            tree.Add(leaf);
            signedRoot = tree.Size == checkpoint?.Tree.Size ? tree.Root : signedRoot;
        }

        return null;
    }

    /// <summary>Why what was followed is not what the checkpoint signs, as a sentence about <paramref name="name"/>; null when it is, and where there is no checkpoint.</summary>
    public string? Contradiction(string name) => checkpoint switch
    {
        null => null,
        { Tree.Size: var size } signed when size > sequence =>
            $"{name} ends at event {sequence}, but the checkpoint of {signed.When} counts {size}; the last {size - sequence} are missing.",
        { Tree: var signed } when !signedRoot.AsSpan().SequenceEqual(signed.Root) =>
            $"{name} is not the one that was signed at {checkpoint.When}: something in its first {signed.Size} events was changed since.",
        _ => null,
    };

    /// <inheritdoc />
    public void Dispose() => sha256.Dispose();

    private string? Fault(in ChainLink link)
    {
        if (link.Sequence != sequence + 1)
        {
            return $"sequence {link.Sequence} follows {sequence}; {sequence + 1} is missing";
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        sha256.AppendData(link.Canonical);
        sha256.GetHashAndReset(digest);
        Span<byte> digits = stackalloc byte[HashDigits];
        return !Convert.TryToHexStringLower(digest, digits, out _) || !link.Hash.SequenceEqual(digits)
            ? "the stored text does not have the stored hash"
            : Claims(link);
    }

    /// <summary>What the text says of itself.</summary>
    private string? Claims(in ChainLink link)
    {
        try
        {
            return Members(link);
        }
        catch (Exception fault) when (fault is JsonException or FormatException or InvalidOperationException)
        {
            return NoEvent;
        }
    }

    /// <summary>The members stand in the order of their names, as in every canonical text.</summary>
    private string? Members(in ChainLink link)
    {
        var reader = new Utf8JsonReader(link.Canonical);
        reader.Read();
        if (!Value(ref reader, "actor_id"u8, JsonTokenType.String, JsonTokenType.Null) || !Value(ref reader, "event_id"u8, JsonTokenType.String))
        {
            return NoEvent;
        }

        if (link.HasColumns && !reader.ValueTextEquals(link.EventId))
        {
            return "the column event_id differs from the hashed text";
        }

        if (!Value(ref reader, "event_type"u8, JsonTokenType.String))
        {
            return NoEvent;
        }

        if (link.HasColumns && !reader.ValueTextEquals(link.EventType))
        {
            return "the column event_type differs from the hashed text";
        }

        if (!Value(ref reader, "payload"u8, JsonTokenType.StartObject))
        {
            return NoEvent;
        }

        reader.Skip();
        if (!Value(ref reader, "prev_hash"u8, JsonTokenType.String, JsonTokenType.Null))
        {
            return NoEvent;
        }

        if (!Follows(reader))
        {
            return $"prev_hash is '{reader.GetString() ?? "null"}'; '{Head.Hash ?? "null"}' was expected";
        }

        return Value(ref reader, "timestamp"u8, JsonTokenType.String) && reader.TryGetDateTimeOffset(out _) && reader.Read() && !reader.Read() ? null : NoEvent;
    }

    private bool Follows(in Utf8JsonReader reader) =>
        sequence == 0 ? reader.TokenType == JsonTokenType.Null : reader.TokenType == JsonTokenType.String && reader.ValueTextEquals(hash);

    /// <summary>Goes on to the value of the next member, if that is called so and has such a value.</summary>
    private static bool Value(ref Utf8JsonReader reader, ReadOnlySpan<byte> name, JsonTokenType kind, JsonTokenType other = JsonTokenType.None) =>
        reader.Read() && JournalLine.Value(ref reader, name) && (reader.TokenType == kind || reader.TokenType == other);
}
