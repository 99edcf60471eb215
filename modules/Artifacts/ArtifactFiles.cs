using System.Security.Cryptography;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Artifacts;

/// <summary>The content-addressed files under <c>artifacts/ab/abcd…</c>: written under a temporary name, flushed to disk, then renamed.</summary>
internal sealed class ArtifactFiles(IDataDirectory data) : IArtifacts
{
    private const string Half = ".part";

    private string Root => Path.Combine(data.Path, "artifacts");

    public async Task<StoredArtifact?> StoreAsync(Stream content, string? expectedSha256, CancellationToken cancellationToken)
    {
        var half = Path.Combine(Directory.CreateDirectory(Path.Combine(Root, "incoming")).FullName, Ids.RandomHex(16) + Half);
        try
        {
            var (digest, size) = await WriteAsync(half, content, cancellationToken);
            if (expectedSha256 is not null && expectedSha256 != digest)
            {
                return null;
            }

            var path = FileOf(digest);
            Directory.CreateDirectory(Path.GetDirectoryName(path) ?? Root);
            File.Move(half, path, overwrite: true);
            return new StoredArtifact(digest, size);
        }
        finally
        {
            File.Delete(half);
        }
    }

    public Task<Stream?> OpenAsync(string sha256, CancellationToken cancellationToken) =>
        Task.FromResult<Stream?>(PathOf(sha256) is { } path ? File.OpenRead(path) : null);

    public string? PathOf(string sha256) => IsDigest(sha256) && File.Exists(FileOf(sha256)) ? FileOf(sha256) : null;

    /// <summary>Removes what a crash left half written.</summary>
    public void Sweep()
    {
        var incoming = Path.Combine(Root, "incoming");
        if (Directory.Exists(incoming))
        {
            Directory.Delete(incoming, recursive: true);
        }
    }

    /// <summary>64 lower-case hex digits: nothing else may become part of a path.</summary>
    public static bool IsDigest(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);

    private string FileOf(string sha256) => Path.Combine(Root, sha256[..2], sha256);

    private static async Task<(string Digest, long Size)> WriteAsync(string path, Stream content, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = File.Create(path);
        var buffer = new byte[1 << 16];
        while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        file.Flush(flushToDisk: true);
        return (Convert.ToHexStringLower(hash.GetHashAndReset()), file.Length);
    }
}
