using System.Security.Cryptography;
using System.Text;

namespace Refinery.Kernel.Journal;

/// <summary>Closes a checkpoint with a signature, and opens one that was closed: a C2SP signed note with an ECDSA signature over SHA-256, as transparency logs use it.</summary>
/// <remarks>
/// The note is the checkpoint's text, an empty line and <c>— origin base64</c>; the base64 holds the first four bytes of the SHA-256 over the
/// public key (SubjectPublicKeyInfo) and the signature (DER). Source: docs/spec/event-graph.md, "Prove it".
/// </remarks>
public sealed class CheckpointSeal
{
    private const string Dash = "— ";
    private const string P256 = "1.2.840.10045.3.1.7";
    private const int HintLength = 4;
    private const int DigitsOfOrigin = 16;

    private readonly byte[] publicKey;
    private readonly byte[] digest;

    private CheckpointSeal(byte[] publicKey)
    {
        this.publicKey = publicKey;
        digest = SHA256.HashData(publicKey);
    }

    /// <summary>The name of the journal that this key signs for.</summary>
    public string Origin => $"refinery/{Convert.ToHexStringLower(digest)[..DigitsOfOrigin]}";

    /// <summary>Reads a public key; null when the text is no public key of the kind ECDSA P-256 in PEM.</summary>
    public static CheckpointSeal? Read(string pem)
    {
        using var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == P256 ? new CheckpointSeal(key.ExportSubjectPublicKeyInfo()) : null;
        }
        catch (Exception fault) when (fault is ArgumentException or CryptographicException)
        {
            return null;
        }
    }

    /// <summary>The checkpoint that a note holds; null unless this key signed it.</summary>
    public Checkpoint? Open(string note)
    {
        var end = note.IndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0)
        {
            return null;
        }

        var text = note[..(end + 1)];
        return note[(end + 2)..].Split('\n').Any(line => IsOurs(line, text)) && Checkpoint.Parse(text) is { } checkpoint && checkpoint.Origin == Origin
            ? checkpoint
            : null;
    }

    /// <summary>Signs a checkpoint.</summary>
    /// <param name="key">The private half.</param>
    internal SignedCheckpoint Close(Checkpoint checkpoint, ECDsa key)
    {
        var signature = key.SignData(Encoding.UTF8.GetBytes(checkpoint.Text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        var line = $"{Dash}{checkpoint.Origin} {Convert.ToBase64String([.. digest[..HintLength], .. signature])}";
        return new SignedCheckpoint(
            checkpoint.Origin,
            checkpoint.Tree.Size,
            Convert.ToHexStringLower(checkpoint.Tree.Root),
            checkpoint.HeadHash,
            checkpoint.Timestamp,
            $"{checkpoint.Text}\n{line}\n");
    }

    private bool IsOurs(string line, string text)
    {
        var parts = line.Split(' ');
        var sealedText = new byte[line.Length];
        if (parts is not ["—", var name, var base64] || name != Origin
            || !Convert.TryFromBase64String(base64, sealedText, out var length)
            || length <= HintLength
            || !sealedText.AsSpan(0, HintLength).SequenceEqual(digest.AsSpan(0, HintLength)))
        {
            return false;
        }

        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(publicKey, out _);
        return key.VerifyData(
            Encoding.UTF8.GetBytes(text), sealedText.AsSpan(HintLength, length - HintLength), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }
}

/// <summary>A checkpoint with its signature, as <c>GET /api/journal/checkpoint</c> answers it; only the note is signed, the rest repeats it to be read easily.</summary>
/// <param name="Size">Events in the journal.</param>
/// <param name="RootHash">64 hex digits: the Merkle root over the lines.</param>
/// <param name="HeadHash">64 hex digits: the hash of the last event; null for an empty journal.</param>
public sealed record SignedCheckpoint(string Origin, long Size, string RootHash, string? HeadHash, DateTimeOffset Timestamp, string Note);
