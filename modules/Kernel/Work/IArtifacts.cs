namespace Refinery.Kernel.Work;

/// <summary>The content-addressed store of files, on a disk or elsewhere. The Artifacts module implements it.</summary>
/// <remarks>Safe for all threads. A text that is no sha256 names nothing; digits count in either case.</remarks>
public interface IArtifacts
{
    /// <summary>Stores the content under its digest; what is there already is replaced by these equal bytes and is young again.</summary>
    /// <param name="expectedSha256">64 lower-case hex digits the content must have, or null to take it as it is.</param>
    /// <returns>The artifact, or null when the content has another digest than the expected one; nothing is stored then.</returns>
    /// <exception cref="ArtifactsUnavailableException">The store is away; nothing is stored.</exception>
    Task<StoredArtifact?> StoreAsync(Stream content, string? expectedSha256, CancellationToken cancellationToken);

    /// <summary>Opens the content for reading, once its digest is known to be right.</summary>
    /// <returns>A stream that seeks, knows its length and is read asynchronously; null when no such artifact is stored, or a damaged one, which is set aside.</returns>
    /// <exception cref="ArtifactsUnavailableException">The store is away; reading from the stream may throw it too.</exception>
    Task<Stream?> OpenAsync(string sha256, CancellationToken cancellationToken);

    /// <summary>Looks whether an artifact is stored, without reading it.</summary>
    /// <exception cref="ArtifactsUnavailableException">The store is away.</exception>
    Task<bool> ContainsAsync(string sha256, CancellationToken cancellationToken);

    /// <summary>Makes a stored artifact as young as one stored now, so that no collection takes it before an event names it.</summary>
    /// <returns>False when no such artifact is stored.</returns>
    /// <exception cref="ArtifactsUnavailableException">The store is away.</exception>
    Task<bool> RenewAsync(string sha256, CancellationToken cancellationToken);

    /// <summary>Removes an artifact; one that is not stored is as good.</summary>
    /// <exception cref="ArtifactsUnavailableException">The store is away.</exception>
    Task DeleteAsync(string sha256, CancellationToken cancellationToken);
}

/// <summary>A stored file.</summary>
/// <param name="Sha256">64 lower-case hex digits.</param>
/// <param name="SizeBytes">Its length.</param>
public sealed record StoredArtifact(string Sha256, long SizeBytes);
