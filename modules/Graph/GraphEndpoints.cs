using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Web;

namespace Refinery.Graph;

/// <summary>The graph as executors ask for it under <c>/v1</c> and as people do under <c>/api/graph</c>.</summary>
internal static class GraphEndpoints
{
    private const int DeepestNeighbour = 3;

    public static void MapGraph(this IEndpointRouteBuilder routes)
    {
        var v1 = routes.MapGroup("/v1").WithTags("Event graph").RequireGraphToken();
        v1.MapGet("/graph/summary", SummaryAsync).Produces<GraphSummary>()
            .WithName("GraphSummary").WithSummary("How many nodes and edges of each type there are, and the newest events.");
        v1.MapGet("/attempts/{attemptId}", AttemptAsync).Produces<AttemptAnswer>()
            .WithName("GraphAttempt").WithSummary("An attempt with its events and artifacts; of an unknown one null and empty lists.");
        v1.MapGet("/graph/verify", VerifyAsync).Produces<JournalVerdict>()
            .WithName("VerifyJournal").WithSummary("Recomputes the whole hash chain.");

        var api = routes.MapGroup("/api/graph").WithTags("Event graph");
        api.MapGet("/summary", PastSummaryAsync).WithInstant().Produces<GraphSummary>().ProducesProblem(StatusCodes.Status400BadRequest)
            .WithName("Graph").WithSummary("As /v1/graph/summary, for people; at an instant when one is given.");
        api.MapGet("/nodes", ListAsync).WithInstant().WithPaging().Produces<NodePage>().ProducesProblem(StatusCodes.Status400BadRequest)
            .WithQuery("type", "Target, Task, Attempt, Artifact or PullRequest; needed.", "Task")
            .WithName("GraphNodes").WithSummary("The nodes of a type, oldest first.");
        api.MapGet("/nodes/{nodeId}", NodeAsync).WithInstant().Produces<NodeAnswer>().ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .WithName("GraphNode").WithSummary("A node with its edges.");
        api.MapGet("/nodes/{nodeId}/neighbourhood", NeighbourhoodAsync).WithInstant().Produces<Neighbourhood>()
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status400BadRequest)
            .WithQuery("depth", "How many edges away a node may be: 1 to 3; default 1.", "2", "integer")
            .WithName("GraphNeighbourhood").WithSummary("The nodes around a node, and the edges between them.");
    }

    private static TBuilder WithInstant<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithQuery("at", "The graph as it was at this instant (ISO 8601 or unix seconds); default now.", "2026-01-24T10:00:00Z");

    private static async Task<IResult> SummaryAsync(GraphReader graph, CancellationToken cancellationToken) =>
        Results.Ok(await graph.SummariseAsync(at: null, cancellationToken));

    private static async Task<IResult> PastSummaryAsync(HttpRequest request, GraphReader graph, CancellationToken cancellationToken) =>
        Results.Ok(await graph.SummariseAsync(Page.InstantOf(request, "at"), cancellationToken));

    private static async Task<IResult> AttemptAsync(string attemptId, GraphReader graph, CancellationToken cancellationToken) =>
        Results.Ok(await graph.FindAttemptAsync(RouteText.Decode(attemptId), cancellationToken));

    private static async Task<IResult> VerifyAsync(EventJournal journal, CancellationToken cancellationToken) =>
        Results.Ok(await journal.VerifyAsync(cancellationToken));

    private static async Task<IResult> ListAsync(HttpRequest request, GraphReader graph, CancellationToken cancellationToken) =>
        request.QueryText("type") is not { Length: > 0 } type
            ? Errors.Validation("The parameter 'type' is missing; Target, Task, Attempt, Artifact or PullRequest is expected.")
            : Results.Ok(await graph.ListAsync(type, Page.InstantOf(request, "at"), Page.Read(request), cancellationToken));

    private static async Task<IResult> NodeAsync(string nodeId, HttpRequest request, GraphReader graph, CancellationToken cancellationToken)
    {
        var id = RouteText.Decode(nodeId);
        return await graph.FindAsync(id, Page.InstantOf(request, "at") ?? DateTimeOffset.MaxValue, cancellationToken) is { } node
            ? Results.Ok(node)
            : Unknown(id);
    }

    private static async Task<IResult> NeighbourhoodAsync(string nodeId, HttpRequest request, GraphReader graph, CancellationToken cancellationToken)
    {
        var id = RouteText.Decode(nodeId);
        var depth = Page.Number(request, "depth", fallback: 1, least: 1);
        if (depth > DeepestNeighbour)
        {
            return Errors.Validation($"The parameter 'depth' is {depth}; 1 to {DeepestNeighbour} is expected.");
        }

        return await graph.SurroundAsync(id, (int)depth, Page.InstantOf(request, "at") ?? DateTimeOffset.MaxValue, cancellationToken) is { } around
            ? Results.Ok(around)
            : Unknown(id);
    }

    private static IResult Unknown(string nodeId) => Errors.NotFound($"Node {Errors.Quote(nodeId)} does not exist.");
}
