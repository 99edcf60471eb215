using Refinery.Kernel.Storage;

namespace Refinery.History;

/// <summary>What a reader of the history asks for; its properties are the parameters of the SQL texts.</summary>
internal sealed record HistoryFilter
{
    private static readonly DateTimeOffset Latest = Instant.Truncate(DateTimeOffset.MaxValue);

    /// <summary>The package as PEP 503 compares it.</summary>
    public string? NameKey { get; init; }

    /// <summary>A word that is no status matches nothing.</summary>
    public string? Status { get; init; }

    public string? RunId { get; init; }
    public string? PythonTag { get; init; }
    public string? PlatformTag { get; init; }

    /// <summary>Inclusive.</summary>
    public DateTimeOffset From { get; init; } = DateTimeOffset.MinValue;

    /// <summary>Rows lie before this instant, or at it with an id below <see cref="BeforeId"/>.</summary>
    public DateTimeOffset Before { get; init; } = Latest;

    /// <inheritdoc cref="Before"/>
    public long BeforeId { get; init; } = long.MaxValue;

    public int Limit { get; init; }
    public int Offset { get; init; }

    /// <summary>The filter beyond a place in its list.</summary>
    public HistoryFilter After(HistoryCursor? place) => place is not null && place.IsBefore(Before, BeforeId)
        ? this with { Before = place.Timestamp, BeforeId = place.Id }
        : this;

    /// <summary>True when the counters know how many rows pass: nothing but a package and a status is asked for.</summary>
    public bool IsCounted() =>
        this is { RunId: null, PythonTag: null, PlatformTag: null } && From == DateTimeOffset.MinValue && Before == Latest;
}
