using System.Buffers;
using System.Security.Cryptography;
using Refinery.Kernel.Work;

namespace Refinery.Artifacts;

/// <summary>Content on its way in: written under a temporary name, hashed, flushed to the disk.</summary>
/// <param name="folder">Absolute; on the file system of the place, where that is a folder.</param>
/// <param name="patience">How old a file must be that a start removes; zero where no other process writes.</param>
internal sealed class IncomingFiles(string folder, TimeSpan patience, Ids ids, TimeProvider clock)
{
    private const int BufferSize = 1 << 17;

    /// <summary>Makes the folder and removes what a crash left half written.</summary>
    /// <exception cref="ArtifactsUnavailableException">The folder cannot be made or written.</exception>
    public void Open()
    {
        try
        {
            Directory.CreateDirectory(folder);
            foreach (var left in new DirectoryInfo(folder).EnumerateFiles().Where(file => clock.GetUtcNow() - file.LastWriteTimeUtc >= patience))
            {
                left.Delete();
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ArtifactsUnavailableException($"The folder '{folder}' of ARTIFACT_STORE cannot be made or written; one that this user may write is expected.", fault);
        }
    }

    /// <summary>Writes the content.</summary>
    /// <returns>The file; gone when it is disposed of, unless it was moved away.</returns>
    public async Task<IncomingFile> WriteAsync(Stream content, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, ids.New("artifact"));
        try
        {
            return new IncomingFile(path, await WriteAsync(content, path, cancellationToken));
        }
        catch
        {
            File.Delete(path);
            throw;
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

/// <summary>A whole file that is not in its place yet.</summary>
internal sealed record IncomingFile(string Path, StoredArtifact Artifact) : IDisposable
{
    public void Dispose() => File.Delete(Path);
}
