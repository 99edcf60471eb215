using System.ComponentModel;
using System.Globalization;
using Microsoft.AspNetCore.Mvc;

namespace Refinery.Builds.Records;

/// <summary>The filters and the page of <c>GET /builds</c> as they stand in the query; an empty one is none.</summary>
internal sealed record BuildQuery(
    [property: Description("Only builds of this third party.")] [FromQuery(Name = "third_party_id")] string? ThirdPartyId,
    [property: Description("Only builds of this parser.")] [FromQuery(Name = "parser_id")] string? ParserId,
    [property: Description("Only this status: pending, running, succeeded, failed or cancelled; completed counts as succeeded, timeout as failed, another word matches nothing.")]
    [FromQuery(Name = "status")] string? Status,
    [property: Description("Builds at most, 1 to 100; anything else counts as 30.")] [FromQuery(Name = "limit")] string? Limit,
    [property: Description("How many builds to pass over; anything that is no number of 0 or more counts as 0.")] [FromQuery(Name = "offset")] string? Offset)
{
    private const int DefaultLimit = 30;
    private const int MaxLimit = 100;

    public BuildFilter Filter => new(Given(ThirdPartyId), Given(ParserId), Given(Status) is { } word ? BuildStatus.Meant(word) : null);

    public (int Limit, int Offset) Page => (Number(Limit) is { } limit and >= 1 and <= MaxLimit ? limit : DefaultLimit, Math.Max(0, Number(Offset) ?? 0));

    private static int? Number(string? text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text.Replace('\0', '\uFFFD');
}
