using System.Globalization;

namespace Refinery.Kernel.Storage;

/// <summary>The one written form of an instant: UTC, microseconds, fixed width, so that text sorts as time and hashes the same.</summary>
public static class Instant
{
    private const int Width = 27;
    private const int MostFraction = 7;

    /// <summary>A fraction has any number of digits or is absent; an offset is <c>Z</c>, <c>±hh:mm</c> or absent.</summary>
    private static readonly string[] Forms = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd"];

    /// <summary>For example <c>2026-01-24T10:00:00.250000Z</c>; finer parts than a microsecond are cut off.</summary>
    public static string Format(DateTimeOffset instant) => string.Create(Width, instant.UtcDateTime, static (text, moment) =>
    {
        // "O" writes 2026-01-24T10:00:00.2500000Z: one digit more than is kept, and several times faster than a pattern.
        Span<char> full = stackalloc char[Width + 1];
        moment.TryFormat(full, out _, "O", CultureInfo.InvariantCulture);
        full[..(Width - 1)].CopyTo(text);
        text[^1] = 'Z';
    });

    /// <summary>
    /// Reads what <see cref="Format"/> wrote, or an ISO 8601 date with or without a time: <c>2026-01-24</c>, <c>2026-01-24T10:00Z</c>,
    /// <c>2026-01-24T12:00:00.25+02:00</c>. One without an offset is UTC. Nothing else: a time alone would take its date from the wall clock.
    /// </summary>
    /// <exception cref="FormatException">The text is no instant.</exception>
    public static DateTimeOffset Parse(string text) =>
        text.Length == Width && Exact(text) is { } exact ? exact
        : TryParse(text, out var instant) ? instant
        : throw new FormatException($"'{text}' is no ISO 8601 instant.");

    /// <summary>As <see cref="Parse"/>, false instead of an exception.</summary>
    public static bool TryParse(string? text, out DateTimeOffset instant) =>
        DateTimeOffset.TryParseExact(
            Shortened(text), Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out instant);

    /// <summary>The instant without what <see cref="Format"/> would lose.</summary>
    public static DateTimeOffset Truncate(DateTimeOffset instant) =>
        new(instant.UtcTicks - (instant.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    /// <summary>Without the digits of a fraction that no instant here holds: some clocks tell nanoseconds.</summary>
    private static string? Shortened(string? text)
    {
        if (text is null || text.IndexOf('.', StringComparison.Ordinal) is not (>= 0 and var point))
        {
            return text;
        }

        var digits = text.AsSpan(point + 1).IndexOfAnyExceptInRange('0', '9');
        var end = digits < 0 ? text.Length : point + 1 + digits;
        return end - point - 1 > MostFraction ? text.Remove(point + 1 + MostFraction, end - point - 1 - MostFraction) : text;
    }

    /// <summary>Reads the fixed-width form the fast way; null when the text has another form.</summary>
    private static DateTimeOffset? Exact(string text) =>
        DateTime.TryParseExact($"{text.AsSpan(0, Width - 1)}0Z", "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var moment)
            ? new DateTimeOffset(moment)
            : null;
}
