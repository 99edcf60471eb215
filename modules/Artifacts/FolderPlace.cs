using Refinery.FileQueue;
using Refinery.Kernel.Work;

namespace Refinery.Artifacts;

/// <summary>Files in a folder, <c>ab/abcd…</c>; many hosts may share it.</summary>
/// <remarks>A file is renamed to its place when it is whole, so a name always stands for all of the content and who reads an older file keeps it.</remarks>
internal sealed class FolderPlace(string root, TimeSpan patience, Ids ids, TimeProvider clock) : IArtifactPlace
{
    private const int BufferSize = 1 << 17;

    private readonly string damaged = Path.Combine(root, "damaged");

    public IncomingFiles Incoming { get; } = new(Path.Combine(root, "incoming"), patience, ids, clock);

    public Task<PlacedFile?> FindAsync(string digest, CancellationToken cancellationToken) => Task.FromResult(Find(digest));

    public Task<OpenedFile?> OpenAsync(string digest, CancellationToken cancellationToken)
    {
        try
        {
            var content = new FileStream(PathOf(digest), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, BufferSize, useAsync: true);
            return Task.FromResult<OpenedFile?>(new OpenedFile(Placed(digest, content.Length, File.GetLastWriteTimeUtc(content.SafeFileHandle)), content));
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return Task.FromResult<OpenedFile?>(null);
        }
    }

    public Task<PlacedFile> PutAsync(string path, string digest, CancellationToken cancellationToken)
    {
        Stamp(path);
        Move(path, PathOf(digest));
        return Task.FromResult(FindPlaced(digest));
    }

    public Task<PlacedFile> RenewAsync(PlacedFile file, CancellationToken cancellationToken)
    {
        Stamp(PathOf(file.Digest));
        return Task.FromResult(FindPlaced(file.Digest));
    }

    public Task SetAsideAsync(string digest, CancellationToken cancellationToken)
    {
        Move(PathOf(digest), Path.Combine(damaged, digest));
        return Task.CompletedTask;
    }

    public Task DeleteAsync(string digest, CancellationToken cancellationToken)
    {
        if (Directory.Exists(FolderOf(digest)))
        {
            File.Delete(PathOf(digest));
        }

        return Task.CompletedTask;
    }

    public IAsyncEnumerable<PlacedFile> ListAsync(CancellationToken cancellationToken) => List().ToAsyncEnumerable();

    private IEnumerable<PlacedFile> List() => !Directory.Exists(root)
        ? []
        : from folder in Directory.GetDirectories(root).Order(StringComparer.Ordinal)
          let start = Path.GetFileName(folder)
          from path in Directory.GetFiles(folder).Order(StringComparer.Ordinal)
          let name = Path.GetFileName(path)
          where Digest.Read(name) == name && name.StartsWith(start, StringComparison.Ordinal)
          let file = Find(name)
          where file is not null
          select file;

    private PlacedFile? Find(string digest) =>
        new FileInfo(PathOf(digest)) is { Exists: true } file ? Placed(digest, file.Length, file.LastWriteTimeUtc) : null;

    private PlacedFile FindPlaced(string digest) => Find(digest) ?? throw new FileNotFoundException("An artifact is gone as soon as it was put in its place.", PathOf(digest));

    private void Stamp(string path) => File.SetLastWriteTimeUtc(path, clock.GetUtcNow().UtcDateTime);

    private static PlacedFile Placed(string digest, long length, DateTime writtenAt) => new(digest, length, $"{length}-{writtenAt.Ticks}", writtenAt);

    private string FolderOf(string digest) => Path.Combine(root, digest[..2]);

    private string PathOf(string digest) => Path.Combine(FolderOf(digest), digest);

    /// <summary>Moves a file and makes that outlive a power cut; what is at its goal is replaced.</summary>
    private void Move(string from, string to)
    {
        var folder = Path.GetDirectoryName(to) ?? root;
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            FolderSync.Flush(root);
        }

        File.Move(from, to, overwrite: true);
        FolderSync.Flush(folder);
    }
}
