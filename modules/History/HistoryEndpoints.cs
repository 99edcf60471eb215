using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Web;

namespace Refinery.History;

/// <summary>The history of all wheels: read by filter and page, written by workers.</summary>
internal static class HistoryEndpoints
{
    private const string Order = "Newest first by timestamp; of equal timestamps the one recorded last comes first.";

    public static void MapHistory(this IEndpointRouteBuilder api)
    {
        api.MapGet("/summary", SummaryAsync).WithLimit(20, 200, "failure_limit").Produces<SummaryAnswer>()
            .WithName("Summary").WithSummary("Status counts of a recent window, and the latest failures.")
            .WithQuery("window_hours", "How many hours back the counts reach; default 168, 0 counts everything.", "168", "integer");
        api.MapGet("/recent", RecentAsync).WithPaging().Produces<IReadOnlyList<HistoryEvent>>()
            .WithName("Recent").WithSummary("The latest events.").WithDescription(Order + " Takes the filters of /api/history.");
        api.MapGet("/history", ListAsync).WithPaging().Produces<IReadOnlyList<HistoryEvent>>()
            .WithName("ListHistory").WithSummary("Events by filter, page by page.")
            .WithDescription(
                Order + " X-Total-Count says how many pass the filter; X-Next-Cursor, absent on "
                + "the last page, leads to the next page as ?cursor= and, unlike offset, stays right while events arrive.");
        api.MapPost("/history", RecordAsync).RequireWorkerToken()
            .Produces<RecordedAnswer>(StatusCodes.Status201Created)
            .WithName("RecordHistory").WithSummary("Record one event, or an array of them: all or none.")
            .WithDescription("An event without a timestamp gets the time of its arrival.");
        api.MapGet("/failures", FailuresAsync).WithLimit().Produces<IReadOnlyList<HistoryEvent>>()
            .WithName("ListFailures").WithSummary("Events that are failures, of one package or of all.")
            .WithDescription("A failure has the status failed, failed_attempt, missing or system_recipe_failed. " + Order)
            .WithExample(answer: """[{"name":"cffi","version":"1.16.0","python_tag":"cp311","platform_tag":"linux_x86_64","status":"failed","detail":"The build of cffi 1.16.0 ended with exit code 1. The foreign function interface headers (ffi.h) are not installed.","metadata":{"team":"data"},"timestamp":"2026-01-24T10:00:00.000000Z","matched_hint_ids":["hint-libffi"],"attempt":1,"duration_ms":4210}]""");
    }

    private static async Task<IResult> SummaryAsync(
        HttpRequest request, HistoryStore history, HistoryCounterStore counters, TimeProvider clock, CancellationToken cancellationToken)
    {
        const int defaultHours = 168;
        const long mostHours = 1_000_000;
        var failureLimit = Page.Read(request).Limit;
        var hours = Math.Min(Page.Number(request, "window_hours", defaultHours, least: 0), mostHours);
        var counts = hours == 0
            ? await counters.CountAllAsync(cancellationToken)
            : await counters.CountSinceAsync(clock.GetUtcNow().AddHours(-hours), cancellationToken);
        var failures = await history.ListFailuresAsync(nameKey: null, failureLimit, cancellationToken);
        return Results.Ok(new SummaryAnswer(counts, Events(failures), hours));
    }

    private static async Task<IResult> RecentAsync(
        HttpRequest request, [AsParameters] HistoryQuery query, HistoryStore history, CancellationToken cancellationToken)
    {
        var page = Page.Read(request);
        var filter = query.Filter().After(HistoryCursor.Read(query.Cursor)) with { Limit = page.Limit, Offset = page.Offset };
        return Results.Ok(Events(await history.ListAsync(filter, cancellationToken)));
    }

    private static async Task<IResult> ListAsync(
        HttpRequest request,
        HttpResponse response,
        [AsParameters] HistoryQuery query,
        HistoryStore history,
        HistoryCounterStore counters,
        CancellationToken cancellationToken)
    {
        var page = Page.Read(request);
        var filter = query.Filter();
        var beyond = filter.After(HistoryCursor.Read(query.Cursor)) with { Limit = page.Limit + 1, Offset = page.Offset };
        var rows = await history.ListAsync(beyond, cancellationToken);
        var total = filter.IsCounted()
            ? await counters.CountAsync(filter.NameKey, filter.Status, cancellationToken)
            : await history.CountAsync(filter, cancellationToken);

        response.Headers["X-Total-Count"] = total.ToString();
        if (rows.Count > page.Limit)
        {
            response.Headers["X-Next-Cursor"] = HistoryCursor.Of(rows[page.Limit - 1]);
        }

        return Results.Ok(Events(rows.Take(page.Limit)));
    }

    private static async Task<IResult> RecordAsync(Body<OneOrMany<NewHistoryEvent>> body, HistoryStore history, CancellationToken cancellationToken)
    {
        var count = await history.RecordAsync([.. body.Value.Items.Select(item => item.Draft())], cancellationToken);
        var detail = count == 1 ? "1 event was recorded." : $"{count} events were recorded.";
        return Results.Json(new RecordedAnswer(detail, count), statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> FailuresAsync(
        HttpRequest request, HistoryStore history, CancellationToken cancellationToken, string? name = null)
    {
        var nameKey = string.IsNullOrEmpty(name) ? null : PackageName.Normalize(name);
        return Results.Ok(Events(await history.ListFailuresAsync(nameKey, Page.Read(request).Limit, cancellationToken)));
    }

    private static IReadOnlyList<HistoryEvent> Events(IEnumerable<HistoryRow> rows) => [.. rows.Select(HistoryEvent.Of)];
}
