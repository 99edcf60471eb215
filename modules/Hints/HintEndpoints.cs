using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Hints;

/// <summary>The hands of the hints: list, make, read, change, delete.</summary>
internal static class HintEndpoints
{
    public static void MapHintEndpoints(this RouteGroupBuilder hints)
    {
        hints.MapGet("/", ListAsync)
            .WithName("ListHints")
            .WithSummary("Hints, newest first.")
            .WithQuery("q", "Only hints whose id, pattern or note holds this text.", "ffi")
            .WithPaging()
            .Produces<IReadOnlyList<Hint>>();
        hints.MapPost("/", CreateAsync)
            .RequireWorkerToken()
            .WithName("CreateHint")
            .WithSummary("Adds a hint.")
            .WithDescription(
                "The pattern is searched within single lines by an engine without backtracking. Recipes name packages for apt, dnf and pip "
                + "([A-Za-z0-9][A-Za-z0-9+._:-]*), or NAME=value settings under env; they may be empty when only a person can mend it.")
            .Produces<Hint>(StatusCodes.Status201Created)
            .ProducesProblem(StatusCodes.Status400BadRequest);
        hints.MapPost("/match", MatchAsync)
            .RequireWorkerToken()
            .WithName("MatchHints")
            .WithSummary("The hints that fit a failing log, most confident first.")
            .WithDescription("Only the last 5 MiB of the log are searched. Nothing is changed.")
            .Produces<IReadOnlyList<MatchedHint>>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        hints.MapGet("/{id}", FindAsync)
            .WithName("FindHint")
            .WithSummary("One hint.")
            .Produces<Hint>()
            .ProducesProblem(StatusCodes.Status404NotFound);
        hints.MapPut("/{id}", UpdateAsync)
            .RequireWorkerToken()
            .WithName("UpdateHint")
            .WithSummary("Puts another content under a hint's id.")
            .Produces<Hint>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound);
        hints.MapDelete("/{id}", DeleteAsync)
            .RequireWorkerToken()
            .WithName("DeleteHint")
            .WithSummary("Deletes a hint; one of the catalogue stays deleted.")
            .Produces<HintDeleted>()
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> ListAsync(HttpRequest request, HintStore store, CancellationToken cancellationToken) =>
        Results.Ok(await store.ListAsync(request.QueryText("q") ?? string.Empty, Page.Read(request), cancellationToken));

    private static async Task<IResult> CreateAsync(Body<HintRequest> body, HintStore store, Ids ids, CancellationToken cancellationToken)
    {
        var hint = await store.CreateAsync(body.Value.ToHint(ids.New("hint"), HintOrigin.User), cancellationToken);
        return Results.Created($"/api/hints/{hint.Id}", hint);
    }

    private static async Task<IResult> MatchAsync(Body<MatchRequest> body, IHints hints, CancellationToken cancellationToken) =>
        Results.Ok(await hints.MatchAsync(body.Value.Content, body.Value.Package, cancellationToken));

    private static async Task<IResult> FindAsync(string id, HintStore store, CancellationToken cancellationToken) =>
        await store.FindAsync(RouteText.Decode(id), cancellationToken) is { } hint ? Results.Ok(hint) : Missing(id);

    private static async Task<IResult> UpdateAsync(string id, Body<HintRequest> body, HintStore store, CancellationToken cancellationToken) =>
        await store.UpdateAsync(RouteText.Decode(id), body.Value, cancellationToken) is { } hint ? Results.Ok(hint) : Missing(id);

    private static async Task<IResult> DeleteAsync(string id, HintStore store, CancellationToken cancellationToken) =>
        await store.DeleteAsync(RouteText.Decode(id), cancellationToken)
            ? Results.Ok(new HintDeleted($"Hint {Errors.Quote(RouteText.Decode(id))} was deleted.", RouteText.Decode(id)))
            : Missing(id);

    private static IResult Missing(string id) => Errors.NotFound($"Hint {Errors.Quote(RouteText.Decode(id))} does not exist.");
}
