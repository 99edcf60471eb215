using System.Globalization;

namespace Refinery.Kernel.Storage;

/// <summary>The one written form of an instant: UTC, microseconds, fixed width, so that text sorts as time and hashes the same.</summary>
public static class Instant
{
    private const int Width = 27;

    /// <summary>For example <c>2026-01-24T10:00:00.250000Z</c>; finer parts than a microsecond are cut off.</summary>
    public static string Format(DateTimeOffset instant) => string.Create(Width, instant.UtcDateTime, static (text, moment) =>
    {
        // "O" writes 2026-01-24T10:00:00.2500000Z: one digit more than is kept, and several times faster than a pattern.
        Span<char> full = stackalloc char[Width + 1];
        moment.TryFormat(full, out _, "O", CultureInfo.InvariantCulture);
        full[..(Width - 1)].CopyTo(text);
        text[^1] = 'Z';
    });

    /// <summary>Reads what <see cref="Format"/> wrote, or any ISO 8601 instant; one without an offset is UTC.</summary>
    /// <exception cref="FormatException">The text is no instant.</exception>
    public static DateTimeOffset Parse(string text) =>
        text.Length == Width && Exact(text) is { } exact ? exact : DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    /// <summary>As <see cref="Parse"/>, false instead of an exception.</summary>
    public static bool TryParse(string? text, out DateTimeOffset instant) =>
        DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out instant);

    /// <summary>The instant without what <see cref="Format"/> would lose.</summary>
    public static DateTimeOffset Truncate(DateTimeOffset instant) =>
        new(instant.UtcTicks - (instant.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    /// <summary>Reads the fixed-width form the fast way; null when the text has another form.</summary>
    private static DateTimeOffset? Exact(string text) =>
        DateTime.TryParseExact($"{text.AsSpan(0, Width - 1)}0Z", "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var moment)
            ? new DateTimeOffset(moment)
            : null;
}
