using System.Globalization;
using Refinery.Kernel.Web;

namespace Refinery.History;

/// <summary>A place in a list of history: the row after which the next page begins.</summary>
internal sealed record HistoryCursor(DateTimeOffset Timestamp, long Id)
{
    /// <summary>The cursor of a row, as clients carry it.</summary>
    public static string Of(HistoryRow row) => string.Create(CultureInfo.InvariantCulture, $"{row.Timestamp.UtcTicks:x}-{row.Id:x}");

    /// <summary>Reads what <see cref="Of"/> wrote.</summary>
    /// <param name="text">Null or empty for none.</param>
    /// <exception cref="BodyException">The text is no cursor.</exception>
    public static HistoryCursor? Read(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        var parts = text.Split('-');
        return parts.Length == 2 && Hex(parts[0]) is { } ticks && Hex(parts[1]) is { } id && ticks <= DateTimeOffset.MaxValue.Ticks
            ? new HistoryCursor(new DateTimeOffset(ticks, TimeSpan.Zero), id)
            : throw new BodyException($"The parameter 'cursor' is {Errors.Quote(text)}; the X-Next-Cursor of an earlier answer is expected.");
    }

    /// <summary>True when the place comes before another in time.</summary>
    public bool IsBefore(DateTimeOffset timestamp, long id) => (Timestamp, Id).CompareTo((timestamp, id)) < 0;

    private static long? Hex(string text) =>
        long.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) && number >= 0 ? number : null;
}
