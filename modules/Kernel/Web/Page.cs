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

    /// <summary>Reads limit and offset from the query, by the bounds the endpoint names with <c>WithPaging</c> or <c>WithLimit</c>.</summary>
    /// <exception cref="BodyException">A value is wrong; the sentence names it.</exception>
    /// <exception cref="InvalidOperationException">The endpoint names no bounds.</exception>
    public static Page Read(HttpRequest request)
    {
        var paging = request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<Paging>()
            ?? throw new InvalidOperationException($"{request.Path} reads a page and does not describe it.");
        return new(
            (int)Math.Min(Number(request, paging.LimitName, paging.DefaultLimit, least: 1), paging.Maximum),
            paging.HasOffset ? (int)Math.Min(Number(request, "offset", 0, least: 0), int.MaxValue) : 0);
    }

    /// <summary>A whole number in the query, by a name the endpoint describes.</summary>
    /// <exception cref="BodyException">It is no whole number or below <paramref name="least"/>.</exception>
    public static long Number(HttpRequest request, string name, long fallback, long least) => Number(request.QueryText(name), name, fallback, least);

    /// <summary>The whole number that a parameter's text stands for; the fallback when it is null.</summary>
    /// <exception cref="BodyException">It is no whole number or below <paramref name="least"/>.</exception>
    public static long Number(string? text, string name, long fallback, long least)
    {
        if (text is null)
        {
            return fallback;
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number
            : throw new BodyException($"The parameter '{name}' is {Errors.Quote(text)}; a whole number of {least} or more is expected.");
    }

    /// <summary>An instant in the query, by a name the endpoint describes; null when absent.</summary>
    /// <exception cref="BodyException">It is no instant.</exception>
    public static DateTimeOffset? InstantOf(HttpRequest request, string name) => InstantOf(request.QueryText(name), name);

    /// <summary>The instant that a parameter's text stands for; null when it is null or empty.</summary>
    /// <exception cref="BodyException">It is no instant.</exception>
    public static DateTimeOffset? InstantOf(string? text, string name)
    {
        if (string.IsNullOrEmpty(text))
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
