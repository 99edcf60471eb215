namespace Refinery.Kernel.Work;

/// <summary>The content-addressed store of files. The Artifacts module implements it.</summary>
public interface IArtifacts
{
    /// <summary>Stores the content under its digest; storing what is there already changes nothing.</summary>
    /// <param name="expectedSha256">64 lower-case hex digits the content must have, or null to take it as it is.</param>
    /// <returns>The artifact, or null when the content has another digest than the expected one; nothing is stored then.</returns>
    Task<StoredArtifact?> StoreAsync(Stream content, string? expectedSha256, CancellationToken cancellationToken);

    /// <summary>Opens the content for reading, or null when no such artifact is stored.</summary>
    Task<Stream?> OpenAsync(string sha256, CancellationToken cancellationToken);

    /// <summary>The absolute path of the stored file, or null.</summary>
    string? PathOf(string sha256);
}

/// <summary>A stored file.</summary>
/// <param name="Sha256">64 lower-case hex digits.</param>
/// <param name="SizeBytes">Its length.</param>
public sealed record StoredArtifact(string Sha256, long SizeBytes);
