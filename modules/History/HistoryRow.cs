namespace Refinery.History;

/// <summary>A row of the table <c>history</c>.</summary>
internal sealed record HistoryRow
{
    public required long Id { get; init; }
    public required DateTimeOffset Timestamp { get; init; }
    public required string Name { get; init; }

    /// <summary>The name as PEP 503 compares it.</summary>
    public required string NameKey { get; init; }

    public required string Version { get; init; }
    public string? PythonTag { get; init; }
    public string? PlatformTag { get; init; }
    public required string Status { get; init; }
    public string? RunId { get; init; }
    public long? Attempt { get; init; }
    public double? DurationMs { get; init; }
    public string? Detail { get; init; }

    /// <summary>A JSON array; null when empty.</summary>
    public string? MatchedHintIds { get; init; }

    /// <summary>A JSON object; null when empty.</summary>
    public string? Metadata { get; init; }
}
