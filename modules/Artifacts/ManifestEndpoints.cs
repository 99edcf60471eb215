using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Artifacts;

/// <summary>The hands of the manifest: what became of the wheels of each run.</summary>
internal static class ManifestEndpoints
{
    private const int DefaultLimit = 200;
    private const int MaxLimit = 1_000;

    /// <summary>The store may be a network away from here.</summary>
    private const int AskedAtOnce = 16;

    public static void MapManifest(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api").WithTags("Artifacts");
        api.MapGet("/manifest", ListAsync).WithPaging(DefaultLimit, MaxLimit).Produces<IReadOnlyList<ManifestEntry>>()
            .WithName("ListManifest").WithSummary("What became of the wheels, newest run first.")
            .WithQuery("run_id", "Only the entries of this run.", "run-1");
        api.MapPost("/manifest", SaveAsync).RequireWorkerToken().Produces<ManifestSaved>(StatusCodes.Status201Created)
            .WithExample("""[{"name":"markupsafe","version":"2.1.5","wheel":"MarkupSafe-2.1.5-cp311-cp311-linux_x86_64.whl","python_tag":"cp311","platform_tag":"linux_x86_64","status":"built","run_id":"run-2026-01-24"}]""")
            .WithName("SaveManifest").WithSummary("Add an array of entries: all of them or, when one is wrong, none.");
        api.MapGet("/artifacts", ListArtifactsAsync).WithPaging(DefaultLimit, MaxLimit).Produces<IReadOnlyList<ArtifactAnswer>>()
            .WithName("ListArtifacts").WithSummary("The wheels that were made, newest run first.")
            .WithDescription("Entries without a wheel are left out; what is unknown is null.");
    }

    private static async Task<IResult> ListAsync(HttpRequest request, ManifestStore manifest, CancellationToken cancellationToken)
    {
        var runId = request.QueryText("run_id") is { Length: > 0 } run ? run : null;
        var rows = await manifest.ListAsync(runId, Page.Read(request), cancellationToken);
        return Results.Ok(rows.Select(row => row.ToEntry()));
    }

    private static async Task<IResult> SaveAsync(Body<OneOrMany<ManifestEntry>> body, ManifestStore manifest, CancellationToken cancellationToken)
    {
        if (!body.Value.IsMany)
        {
            return Errors.Validation("The body is a JSON object; a JSON array of entries is expected.");
        }

        var count = await manifest.SaveAsync(body.Value.Items, cancellationToken);
        return Results.Created("/api/manifest", new ManifestSaved(count == 1 ? "1 entry was saved." : $"{count} entries were saved.", count));
    }

    private static async Task<IResult> ListArtifactsAsync(HttpRequest request, ManifestStore manifest, IArtifacts artifacts, CancellationToken cancellationToken)
    {
        var rows = await manifest.ListWheelsAsync(Page.Read(request), cancellationToken);
        var answers = new List<ArtifactAnswer>(rows.Count);
        foreach (var some in rows.Chunk(AskedAtOnce))
        {
            answers.AddRange(await Task.WhenAll(some.Select(async row => new ArtifactAnswer(
                row.Name, row.Version, row.Wheel, await UrlAsync(row, artifacts, cancellationToken), row.Sha256, row.SizeBytes))));
        }

        return Results.Ok(answers);
    }

    /// <summary>Here when it is stored here; else where its maker says, when that is an address.</summary>
    private static async Task<string?> UrlAsync(ManifestRow row, IArtifacts artifacts, CancellationToken cancellationToken)
    {
        if (row.Sha256 is { } sha256 && await artifacts.ContainsAsync(sha256, cancellationToken))
        {
            return $"/api/artifacts/sha256/{sha256}";
        }

        return row.Wheel.StartsWith("https://", StringComparison.Ordinal) || row.Wheel.StartsWith("http://", StringComparison.Ordinal) ? row.Wheel : null;
    }
}
