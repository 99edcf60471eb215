namespace Refinery.Logs;

/// <summary>A stored log.</summary>
internal sealed record LogRow
{
    public required string LogId { get; init; }

    /// <summary>The journal's sequence of its event: of two logs with one timestamp the later stored is the newer.</summary>
    public required long Sequence { get; init; }

    public required string Name { get; init; }
    public required string NormalizedName { get; init; }
    public required string Version { get; init; }
    public long? Attempt { get; init; }
    public string? RunId { get; init; }
    public required DateTimeOffset Timestamp { get; init; }
    public required string Sha256 { get; init; }
    public required long SizeBytes { get; init; }
    public required long Lines { get; init; }

    /// <summary>Where the text lies; null where the query did not ask, or it is not on this machine.</summary>
    public long? Segment { get; init; }

    public long? Position { get; init; }

    public TextPlace? Place => Segment is { } segment && Position is { } position ? new TextPlace((int)segment, (int)position, (int)SizeBytes) : null;
}

/// <summary>A log about to be stored: all that is known beside its text.</summary>
/// <param name="Timestamp">Null is the time of storing.</param>
internal sealed record NewLog(
    string LogId, string Name, string Version, int? Attempt = null, string? RunId = null, DateTimeOffset? Timestamp = null, string? StepId = null);
