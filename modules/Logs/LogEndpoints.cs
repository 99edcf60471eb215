using System.ComponentModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Logs;

/// <summary>Stored logs: store one, read one, search all.</summary>
internal static class LogEndpoints
{
    public static void MapLogs(this IEndpointRouteBuilder routes)
    {
        var logs = routes.MapGroup("/api/logs").WithTags("Logs");
        logs.MapPost("/", StoreAsync).RequireWorkerToken().WithBodyLimit(LogBodyReader.MaxContent)
            .Accepts<NewLogBody>("application/json").Produces<StoredLogAnswer>(StatusCodes.Status201Created)
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .WithName("StoreLog").WithSummary("Store the log of a version.")
            .WithDescription("The body may be 64 MiB. Identical texts are kept once. When the answer comes the log is durable and can be found.");
        logs.MapGet("/search", SearchAsync).WithLimit(maximum: 200).Produces<IReadOnlyList<FoundLine>>()
            .WithName("SearchLogs").WithSummary("Find lines by a literal text or, with regex=1, by a regular expression.")
            .WithDescription(
                """
                Letters count as they are written. The newest logs come first, at most three lines of each. Expressions are matched
                within single lines by a non-backtracking engine: no look-around, no back references. A search that reaches its
                bounds of time or bytes answers what it found and says so in the header X-Search-Truncated; so does one at a host
                that has not yet taken in what others have stored.
                """);
        logs.MapGet("/{name}/{version}", ReadAsync)
            .Produces<LogEntry>(StatusCodes.Status200OK, "application/json", "text/plain")
            .Produces(StatusCodes.Status206PartialContent).Produces(StatusCodes.Status304NotModified)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status416RangeNotSatisfiable)
            .WithName("ReadLog").WithSummary("The newest log of a version, or of one of its attempts.")
            .WithDescription("With Accept: text/plain, and in a browser, the text alone, also parts of it by Range.");
    }

    private static async Task<IResult> StoreAsync(HttpRequest request, LogDrafts drafts, LogIntake intake, Ids ids, CancellationToken cancellationToken)
    {
        LogBodyReader.TakeOver(request);
        using var draft = drafts.New();
        var body = await LogBodyReader.ReadAsync(request.BodyReader, draft, cancellationToken);
        var stored = await intake.StoreAsync(body.Log(ids.New("log")), draft);
        return Results.Json(StoredLogAnswer.Of(stored), statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> ReadAsync(
        [AsParameters] LogAddress address,
        [FromQuery(Name = "sha256")] [Description("The digest of the text, which tells logs of one version and attempt apart; the newest when absent.")] string? sha256,
        HttpRequest request, LogReader reader, CancellationToken cancellationToken)
    {
        var target = address.Read();
        var reading = sha256 is { Length: > 0 } ? reader.FindAsync(target, sha256, cancellationToken) : reader.FindAsync(target, cancellationToken);
        if (await reading is not { } found)
        {
            return target.Missing(sha256);
        }

        return WantsText(request) ? Text(found) : new LogEntryResult(found);
    }

    private static async Task<IResult> SearchAsync([AsParameters] SearchQuery query, HttpContext context, LogSearch search, CancellationToken cancellationToken)
    {
        var limit = Page.Read(context.Request).Limit;
        var answer = await search.FindAsync(query.Pattern(), query.NormalizedName, limit, cancellationToken);
        if (answer.IsTruncated)
        {
            context.Response.Headers["X-Search-Truncated"] = "true";
        }

        return Results.Ok(answer.Lines);
    }

    private static IResult Text(FoundLog found) => Results.Stream(
        found.Text,
        "text/plain; charset=utf-8",
        lastModified: found.Log.Timestamp,
        entityTag: new EntityTagHeaderValue($"\"{found.Log.Sha256}\""),
        enableRangeProcessing: true);

    /// <summary>A browser that follows a link asks for text/html; a person reads the text and not its JSON.</summary>
    private static bool WantsText(HttpRequest request)
    {
        request.HttpContext.Response.Headers.Vary = "Accept";
        var accepted = request.GetTypedHeaders().Accept;
        return Math.Max(Quality(accepted, "text/plain"), Quality(accepted, "text/html")) > Quality(accepted, "application/json");
    }

    private static double Quality(IList<MediaTypeHeaderValue> accepted, string type) =>
        accepted.Where(media => media.MediaType == type).Select(media => media.Quality ?? 1).DefaultIfEmpty(0).Max();
}
