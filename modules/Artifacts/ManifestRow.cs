namespace Refinery.Artifacts;

/// <summary>A row of <c>manifest_entries</c>.</summary>
internal sealed record ManifestRow
{
    public required long Sequence { get; init; }

    /// <summary>The entry's place in its event, from 0.</summary>
    public required long Position { get; init; }

    /// <summary>The run's id, or the event's own run where it has none.</summary>
    public required string RunKey { get; init; }

    public string? RunId { get; init; }
    public required string Name { get; init; }
    public string? Version { get; init; }

    /// <summary>Empty when there is no wheel.</summary>
    public required string Wheel { get; init; }

    public string? PythonTag { get; init; }
    public string? PlatformTag { get; init; }
    public required string Status { get; init; }
    public string? Sha256 { get; init; }
    public long? SizeBytes { get; init; }

    /// <summary>The row of an entry at its place in an event.</summary>
    public static ManifestRow Of(ManifestEntry entry, long sequence, long position) => new()
    {
        Sequence = sequence,
        Position = position,
        RunKey = entry.RunId is null ? $"event:{sequence}" : $"run:{entry.RunId}",
        RunId = entry.RunId,
        Name = entry.Name,
        Version = entry.Version,
        Wheel = entry.Wheel ?? string.Empty,
        PythonTag = entry.PythonTag,
        PlatformTag = entry.PlatformTag,
        Status = entry.Status,
        Sha256 = entry.Sha256?.ToLowerInvariant(),
        SizeBytes = entry.SizeBytes,
    };

    public ManifestEntry ToEntry() => new(Name, Status, Version, Wheel, PythonTag, PlatformTag, RunId, Sha256, SizeBytes);
}
