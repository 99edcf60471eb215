using System.Globalization;

namespace Refinery.Kernel.Storage;

/// <summary>The one written form of an instant: UTC, microseconds, fixed width, so that text sorts as time and hashes the same.</summary>
public static class Instant
{
    private const string Pattern = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    /// <summary>For example <c>2026-01-24T10:00:00.250000Z</c>; finer parts than a microsecond are cut off.</summary>
    public static string Format(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString(Pattern, CultureInfo.InvariantCulture);

    /// <summary>Reads what <see cref="Format"/> wrote, or any ISO 8601 instant; one without an offset is UTC.</summary>
    /// <exception cref="FormatException">The text is no instant.</exception>
    public static DateTimeOffset Parse(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    /// <summary>As <see cref="Parse"/>, false instead of an exception.</summary>
    public static bool TryParse(string? text, out DateTimeOffset instant) =>
        DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out instant);

    /// <summary>The instant without what <see cref="Format"/> would lose.</summary>
    public static DateTimeOffset Truncate(DateTimeOffset instant) =>
        new(instant.UtcTicks - (instant.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
}
