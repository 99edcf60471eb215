namespace Refinery.Artifacts;

/// <summary>Where files lie under their digests: a folder or a bucket. It keeps bytes; whether they are right is the store's to judge.</summary>
/// <remarks>Digests are 64 lower-case hex digits. Safe for all threads; a place that is away throws <c>ArtifactsUnavailableException</c>.</remarks>
internal interface IArtifactPlace
{
    /// <summary>Content on its way here.</summary>
    IncomingFiles Incoming { get; }

    /// <summary>The file under a digest, or null.</summary>
    Task<PlacedFile?> FindAsync(string digest, CancellationToken cancellationToken);

    /// <summary>The file under a digest and its bytes, which stay those of this file whatever is put there meanwhile; or null.</summary>
    Task<OpenedFile?> OpenAsync(string digest, CancellationToken cancellationToken);

    /// <summary>Puts a whole file under a digest and replaces what is there; it outlives a power cut.</summary>
    /// <param name="path">An incoming file; it may be moved away.</param>
    Task<PlacedFile> PutAsync(string path, string digest, CancellationToken cancellationToken);

    /// <summary>Makes a file as young as one put now.</summary>
    Task<PlacedFile> RenewAsync(PlacedFile file, CancellationToken cancellationToken);

    /// <summary>Moves a file to <c>damaged</c>, where nobody looks for it but a person.</summary>
    Task SetAsideAsync(string digest, CancellationToken cancellationToken);

    Task DeleteAsync(string digest, CancellationToken cancellationToken);

    /// <summary>Every file, by its digest's order.</summary>
    IAsyncEnumerable<PlacedFile> ListAsync(CancellationToken cancellationToken);
}

/// <summary>A file in its place.</summary>
/// <param name="Stamp">Another one whenever its bytes may be others.</param>
/// <param name="StoredAt">When it was put or renewed.</param>
/// <param name="ToldSha256">The digest that the place itself computed of the bytes it has; null when it tells none.</param>
internal sealed record PlacedFile(string Digest, long Length, string Stamp, DateTimeOffset StoredAt, string? ToldSha256 = null);

/// <summary>A file with its bytes, from the first on.</summary>
internal sealed record OpenedFile(PlacedFile File, Stream Content);
