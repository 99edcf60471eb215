using System.Security.Cryptography;

namespace Refinery.Kernel.Journal;

/// <summary>The key that signs checkpoints: ECDSA over P-256, kept as PKCS #8 in a PEM file that only its owner may read. Safe for all threads.</summary>
public sealed class CheckpointKey : IDisposable
{
    private readonly Lock gate = new();
    private readonly ECDsa key;
    private readonly CheckpointSeal seal;

    private CheckpointKey(ECDsa key)
    {
        this.key = key;
        PublicPem = key.ExportSubjectPublicKeyInfoPem() + "\n";
        seal = CheckpointSeal.Read(PublicPem) ?? throw new CryptographicException("The key is on another curve.");
    }

    /// <summary>The public half, which everybody may have: SubjectPublicKeyInfo in PEM.</summary>
    public string PublicPem { get; }

    /// <summary>Opens the key, and makes it when there is none.</summary>
    /// <param name="path">The file of the private key.</param>
    /// <exception cref="IOException">The file cannot be read or made.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be read or made.</exception>
    /// <exception cref="CryptographicException">The file holds no key of this kind.</exception>
    public static CheckpointKey Open(string path)
    {
        if (!File.Exists(path))
        {
            Make(path);
        }

        var opened = ECDsa.Create();
        try
        {
            opened.ImportFromPem(File.ReadAllText(path));
            _ = opened.SignData([], HashAlgorithmName.SHA256); // fails for a public key
            return new CheckpointKey(opened);
        }
        catch (Exception fault) when (fault is ArgumentException or CryptographicException)
        {
            opened.Dispose();
            throw new CryptographicException("The file holds no private key of the kind ECDSA P-256.", fault);
        }
    }

    /// <summary>Signs what the journal is.</summary>
    public SignedCheckpoint Sign(TreeHead tree, string? headHash, DateTimeOffset now)
    {
        var checkpoint = new Checkpoint(seal.Origin, tree, headHash, Storage.Instant.Truncate(now));
        lock (gate)
        {
            return seal.Close(checkpoint, key);
        }
    }

    /// <inheritdoc />
    public void Dispose() => key.Dispose();

    /// <summary>Written whole under another name first; when another process is quicker, its key stands.</summary>
    private static void Make(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path) ?? ".");
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var temporary = $"{path}.{Path.GetRandomFileName()}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new StreamWriter(temporary, options))
        {
            file.Write(made.ExportPkcs8PrivateKeyPem() + "\n");
            file.Flush();
            ((FileStream)file.BaseStream).Flush(flushToDisk: true);
        }

        try
        {
            File.Move(temporary, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(temporary);
        }
    }
}
