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
        api.MapGet("/variants/{name}", VariantsAsync).WithLimit(100).Produces<IReadOnlyList<HistoryEvent>>()
            .WithName("ListVariants").WithSummary("The latest event of every version, python tag and platform tag of a package.")
            .WithDescription("Newest first.");
        api.MapGet("/top-failures", TopFailuresAsync).WithLimit(10, 200).Produces<IReadOnlyList<TopFailureAnswer>>()
            .WithName("TopFailures").WithSummary("The packages that failed most often.");
        api.MapGet("/top-slowest", TopSlowestAsync).WithLimit(10, 200).Produces<IReadOnlyList<TopSlowestAnswer>>()
            .WithName("TopSlowest").WithSummary("The packages whose builds take longest, in milliseconds on average.")
            .WithDescription("Averages every event that tells a duration.");
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
        var limit = Page.Read(request).Limit;
        var rows = await history.ListVariantsAsync(PackageName.Normalize(RouteText.Decode(name)), limit, cancellationToken);
        return Results.Ok(rows.Select(HistoryEvent.Of).ToList());
    }

    private static async Task<IResult> TopFailuresAsync(HttpRequest request, HistoryCounterStore counters, CancellationToken cancellationToken)
    {
        var top = await counters.ListTopFailuresAsync(Page.Read(request).Limit, cancellationToken);
        return Results.Ok(top.Select(package => new TopFailureAnswer(package.Name, package.Failures, package.Failures)).ToList());
    }

    private static async Task<IResult> TopSlowestAsync(HttpRequest request, HistoryCounterStore counters, CancellationToken cancellationToken)
    {
        var top = await counters.ListTopSlowestAsync(Page.Read(request).Limit, cancellationToken);
        return Results.Ok(top.Select(Slowest).ToList());
    }

    private static TopSlowestAnswer Slowest(PackageDuration package)
    {
        var milliseconds = Math.Round(package.AverageMicros / 1000, digits: 3);
        return new TopSlowestAnswer(package.Name, milliseconds, milliseconds);
    }
}
