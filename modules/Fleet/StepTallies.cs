namespace Refinery.Fleet;

/// <summary>How many steps of a type and priority wait.</summary>
internal sealed record WaitingCount
{
    public required string Type { get; init; }
    public required long Priority { get; init; }
    public required long Count { get; init; }
}

/// <summary>How many steps a pod holds.</summary>
internal sealed record HolderCount
{
    public required string ClaimedBy { get; init; }
    public required long Count { get; init; }

    /// <summary>When the first of its leases ends.</summary>
    public string? Until { get; init; }
}
