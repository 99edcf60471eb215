using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Web;

namespace Refinery.Artifacts;

/// <summary>The hand of the collection.</summary>
internal static class CollectionEndpoint
{
    public static void MapCollection(this IEndpointRouteBuilder routes) => routes.MapPost("/api/artifacts/collect", CollectAsync)
        .WithTags("Artifacts").RequireWorkerToken().Produces<CollectAnswer>()
        .WithExample(
            """{"dry_run":true,"older_than_hours":24}""",
            """{"detail":"1 artifact of 4096 bytes would be collected; 12 would be kept.","collected":1,"bytes":4096,"kept":12,"dry_run":true}""")
        .WithName("CollectArtifacts").WithSummary("Delete artifacts that no event mentions.")
        .WithDescription(
            "Kept is what any event of the journal has anywhere as 64 hex digits, and what was stored or renewed within older_than_hours (1 to 87600, default 24). "
            + "With dry_run nothing is deleted.");

    private static async Task<IResult> CollectAsync(Body<CollectBody>? body, ArtifactCollection collection, CancellationToken cancellationToken)
    {
        var wanted = body?.Value ?? new CollectBody();
        return Results.Ok(await collection.RunAsync(TimeSpan.FromHours(wanted.OlderThanHours), wanted.DryRun, cancellationToken));
    }
}

/// <summary>What to collect.</summary>
/// <param name="DryRun">True to delete nothing and only count.</param>
/// <param name="OlderThanHours">1–87600: what is younger is kept.</param>
internal sealed record CollectBody(bool DryRun = false, int OlderThanHours = 24) : IChecked
{
    private const int TenYears = 87_600;

    public string? Fault() => OlderThanHours is >= 1 and <= TenYears
        ? null
        : $"The field 'older_than_hours' is '{OlderThanHours}'; 1 to {TenYears} is expected.";
}

/// <summary>What was collected, or would be.</summary>
/// <param name="Bytes">The lengths of what goes.</param>
/// <param name="Kept">How many stay.</param>
internal sealed record CollectAnswer(string Detail, long Collected, long Bytes, long Kept, bool DryRun)
{
    public static CollectAnswer Of(long collected, long bytes, long kept, bool dryRun)
    {
        var what = collected == 1 ? $"1 artifact of {bytes} bytes" : $"{collected} artifacts of {bytes} bytes";
        var detail = dryRun ? $"{what} would be collected; {kept} would be kept." : $"{what} {(collected == 1 ? "was" : "were")} collected; {kept} {(kept == 1 ? "was" : "were")} kept.";
        return new CollectAnswer(detail, collected, bytes, kept, dryRun);
    }
}
