using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using Refinery.Kernel.Web;

namespace Refinery.History;

/// <summary>The filters of <c>GET /api/history</c> as they stand in the query; an empty one is none.</summary>
internal sealed record HistoryQuery(
    [property: Description("Only this package, compared as PEP 503 does.")] [FromQuery(Name = "package")] string? Package,
    [property: Description("Only this status word; an unknown one matches nothing.")] [FromQuery(Name = "status")] string? Status,
    [property: Description("Only this run.")] [FromQuery(Name = "run_id")] string? RunId,
    [property: Description("Not before this instant: ISO 8601 or unix seconds.")] [FromQuery(Name = "from")] string? From,
    [property: Description("Not after this instant; a date without a time counts to its end.")] [FromQuery(Name = "to")] string? To,
    [property: Description("Only this python tag.")] [FromQuery(Name = "python_tag")] string? PythonTag,
    [property: Description("Only this platform tag.")] [FromQuery(Name = "platform_tag")] string? PlatformTag,
    [property: Description("The X-Next-Cursor of the page before.")] [FromQuery(Name = "cursor")] string? Cursor)
{
    private const int DateLength = 10;

    /// <summary>The filter without a page.</summary>
    /// <exception cref="BodyException">An instant is none.</exception>
    public HistoryFilter Filter()
    {
        var filter = new HistoryFilter
        {
            NameKey = Given(Package) is { } package ? PackageName.Normalize(package) : null,
            Status = Given(Status),
            RunId = Given(RunId),
            PythonTag = Given(PythonTag),
            PlatformTag = Given(PlatformTag),
            From = Page.InstantOf(From, "from") ?? DateTimeOffset.MinValue,
        };
        return Page.InstantOf(To, "to") is { } to ? filter with { Before = EndOf(to) } : filter;
    }

    private DateTimeOffset EndOf(DateTimeOffset to) =>
        To is { Length: DateLength } && To[4] == '-' ? to.AddTicks(TimeSpan.TicksPerDay - TimeSpan.TicksPerMicrosecond) : to;

    private static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text.Replace('\0', '\uFFFD');
}
