using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Artifacts;

/// <summary>The files themselves, each under its digest: <c>artifacts/ab/abcd…</c> in the data folder.</summary>
/// <remarks>
/// A file is written under a temporary name, flushed to the disk and then renamed, so a name always stands for the whole
/// content. Safe for all threads.
/// </remarks>
internal sealed class ArtifactFolder(IDataDirectory data, Ids ids) : IArtifacts, IHostedService
{
    private const int BufferSize = 1 << 17;

    private string Root => Path.Combine(data.Path, "artifacts");

    private string Incoming => Path.Combine(Root, "incoming");

    /// <summary>Removes what a crash left half written.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (Directory.Exists(Incoming))
        {
            Directory.Delete(Incoming, recursive: true);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<StoredArtifact?> StoreAsync(Stream content, string? expectedSha256, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Incoming);
        var temporary = Path.Combine(Incoming, ids.New("artifact"));
        try
        {
            var written = await WriteAsync(content, temporary, cancellationToken);
            if (expectedSha256 is not null && written.Sha256 != expectedSha256)
            {
                return null;
            }

            Keep(temporary, written.Sha256);
            return written;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    public Task<Stream?> OpenAsync(string sha256, CancellationToken cancellationToken) => Task.FromResult<Stream?>(
        PathOf(sha256) is { } path ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferSize, useAsync: true) : null);

    public string? PathOf(string sha256) => Digest.Read(sha256) is { } digest && Place(digest) is var path && File.Exists(path) ? path : null;

    private string Place(string digest) => Path.Combine(Root, digest[..2], digest);

    private void Keep(string temporary, string digest)
    {
        var place = Place(digest);
        Directory.CreateDirectory(Path.Combine(Root, digest[..2]));
        if (!File.Exists(place))
        {
            // Two writers of the same content replace each other's equal bytes.
            File.Move(temporary, place, overwrite: true);
        }
    }

    private static async Task<StoredArtifact> WriteAsync(Stream content, string path, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
            while (await content.ReadAsync(buffer, cancellationToken) is var count and > 0)
            {
                hash.AppendData(buffer, 0, count);
                await file.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            }

            file.Flush(flushToDisk: true);
            return new StoredArtifact(Convert.ToHexStringLower(hash.GetHashAndReset()), file.Length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
