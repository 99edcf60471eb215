using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Refinery.Kernel.Web;

/// <summary>A page asked for: <c>limit</c> above the maximum is clamped, anything that is not a whole number in range is an error.</summary>
/// <param name="Limit">1 to the route's maximum.</param>
/// <param name="Offset">0 or more.</param>
public sealed record Page(int Limit, int Offset)
{
    /// <summary>Items of a page when no limit is asked for.</summary>
    public const int DefaultLimit = 50;

    /// <summary>Items of a page at most, unless the route says otherwise.</summary>
    public const int MaximumLimit = 500;

    /// <summary>Reads <c>limit</c> and <c>offset</c> from the query.</summary>
    /// <param name="limitName">The parameter's name where it is not <c>limit</c>.</param>
    /// <exception cref="BodyException">A value is wrong; the sentence names it.</exception>
    public static Page Read(HttpRequest request, int defaultLimit = DefaultLimit, int maximum = MaximumLimit, string limitName = "limit") => new(
        (int)Math.Min(Number(request, limitName, defaultLimit, least: 1), maximum),
        (int)Math.Min(Number(request, "offset", 0, least: 0), int.MaxValue));

    /// <summary>A whole number in the query.</summary>
    /// <exception cref="BodyException">It is no whole number or below <paramref name="least"/>.</exception>
    public static long Number(HttpRequest request, string name, long fallback, long least)
    {
        if (!request.Query.TryGetValue(name, out var values))
        {
            return fallback;
        }

        return long.TryParse(values.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number
            : throw new BodyException($"The parameter '{name}' is {Errors.Quote(values.ToString())}; a whole number of {least} or more is expected.");
    }

    /// <summary>An instant in the query, or null when absent.</summary>
    /// <exception cref="BodyException">It is no instant.</exception>
    public static DateTimeOffset? InstantOf(HttpRequest request, string name)
    {
        if (request.Query[name].ToString() is not { Length: > 0 } text)
        {
            return null;
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            && seconds is >= -62_135_596_800 and <= 253_402_300_799)
        {
            return DateTimeOffset.UnixEpoch.AddSeconds(seconds);
        }

        // A plus in a query is a blank unless the client encoded it.
        return Storage.Instant.TryParse(text.Replace(' ', '+'), out var instant)
            ? instant
            : throw new BodyException($"The parameter '{name}' is {Errors.Quote(text)}; an ISO 8601 instant or unix seconds is expected.");
    }
}
