using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Web;

namespace Refinery.History;

/// <summary>The history of one package, and the packages that stand out.</summary>
internal static class PackageEndpoints
{
    public static void MapPackages(this IEndpointRouteBuilder api)
    {
        api.MapGet("/package/{name}", FindAsync).Produces<PackageAnswer>()
            .WithName("Package").WithSummary("A package's status counts and its latest event.")
            .WithDescription("Names are compared as PEP 503 does. A package nobody has heard of has no counts and a null latest event.");
        api.MapGet("/event/{name}/{version}", FindEventAsync).Produces<HistoryEvent>().ProducesProblem(StatusCodes.Status404NotFound)
            .WithName("LatestEvent").WithSummary("The latest event of one version.");
        api.MapGet("/variants/{name}", VariantsAsync).Produces<IReadOnlyList<HistoryEvent>>().ProducesProblem(StatusCodes.Status400BadRequest)
            .WithName("ListVariants").WithSummary("The latest event of every version, python tag and platform tag of a package.")
            .WithDescription("Newest first. limit defaults to 100 and is at most 500.");
        api.MapGet("/top-failures", TopFailuresAsync).Produces<IReadOnlyList<TopFailureAnswer>>().ProducesProblem(StatusCodes.Status400BadRequest)
            .WithName("TopFailures").WithSummary("The packages that failed most often.").WithDescription("limit defaults to 10 and is at most 200.");
        api.MapGet("/top-slowest", TopSlowestAsync).Produces<IReadOnlyList<TopSlowestAnswer>>().ProducesProblem(StatusCodes.Status400BadRequest)
            .WithName("TopSlowest").WithSummary("The packages whose builds take longest, in milliseconds on average.")
            .WithDescription("Averages every event that tells a duration. limit defaults to 10 and is at most 200.");
    }

    private static async Task<IResult> FindAsync(
        string name, HistoryStore history, HistoryCounterStore counters, CancellationToken cancellationToken)
    {
        var asked = RouteText.Decode(name);
        var nameKey = PackageName.Normalize(asked);
        var latest = await history.FindLatestAsync(nameKey, cancellationToken);
        var counts = await counters.CountOfAsync(nameKey, cancellationToken);
        return Results.Ok(new PackageAnswer(latest?.Name ?? asked, counts, latest is null ? null : HistoryEvent.Of(latest)));
    }

    private static async Task<IResult> FindEventAsync(string name, string version, HistoryStore history, CancellationToken cancellationToken)
    {
        var (asked, askedVersion) = (RouteText.Decode(name), RouteText.Decode(version));
        return await history.FindLatestAsync(PackageName.Normalize(asked), askedVersion, cancellationToken) is { } row
            ? Results.Ok(HistoryEvent.Of(row))
            : Errors.NotFound($"Nothing is known of version {Errors.Quote(askedVersion)} of package {Errors.Quote(asked)}.");
    }

    private static async Task<IResult> VariantsAsync(string name, HttpRequest request, HistoryStore history, CancellationToken cancellationToken)
    {
        var limit = Page.Read(request, defaultLimit: 100).Limit;
        var rows = await history.ListVariantsAsync(PackageName.Normalize(RouteText.Decode(name)), limit, cancellationToken);
        return Results.Ok(rows.Select(HistoryEvent.Of).ToList());
    }

    private static async Task<IResult> TopFailuresAsync(HttpRequest request, HistoryCounterStore counters, CancellationToken cancellationToken)
    {
        var top = await counters.ListTopFailuresAsync(Page.Read(request, defaultLimit: 10, maximum: 200).Limit, cancellationToken);
        return Results.Ok(top.Select(package => new TopFailureAnswer(package.Name, package.Failures, package.Failures)).ToList());
    }

    private static async Task<IResult> TopSlowestAsync(HttpRequest request, HistoryCounterStore counters, CancellationToken cancellationToken)
    {
        var top = await counters.ListTopSlowestAsync(Page.Read(request, defaultLimit: 10, maximum: 200).Limit, cancellationToken);
        return Results.Ok(top.Select(Slowest).ToList());
    }

    private static TopSlowestAnswer Slowest(PackageDuration package)
    {
        var milliseconds = Math.Round(package.AverageMicros / 1000, digits: 3);
        return new TopSlowestAnswer(package.Name, milliseconds, milliseconds);
    }
}
