using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Artifacts;

/// <summary>What was built, and the files themselves.</summary>
internal static class ArtifactEndpoints
{
    private const int DefaultLimit = 200;
    private const int MaximumLimit = 1000;

    public static void MapArtifacts(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api").WithTags("Artifacts");
        api.MapGet("/manifest", ListManifestAsync).Produces<IReadOnlyList<ManifestAnswer>>()
            .WithName("ListManifest").WithSummary("What was built, newest run first; ?run_id= for one run.");
        api.MapPost("/manifest", SaveManifestAsync).RequireWorkerToken().Produces<SavedAnswer>(StatusCodes.Status201Created)
            .WithName("SaveManifest").WithSummary("Save manifest entries, all or none.");
        api.MapGet("/artifacts", ListAsync).Produces<IReadOnlyList<ArtifactAnswer>>()
            .WithName("ListArtifacts").WithSummary("The wheels that were built, newest first.");
        api.MapGet("/artifacts/sha256/{digest}", Read).Produces(StatusCodes.Status200OK, contentType: "application/octet-stream")
            .WithName("ReadArtifact").WithSummary("The bytes of a stored file; ranges and If-None-Match are obeyed.");
        api.MapPut("/artifacts/sha256/{digest}", StoreAsync).RequireWorkerToken().Produces<StoredAnswer>(StatusCodes.Status201Created)
            .Accepts<Stream>("application/octet-stream")
            .WithName("StoreArtifact").WithSummary("Store a file under its digest; another digest stores nothing.");
    }

    private static async Task<IResult> ListManifestAsync(HttpRequest request, Database database, CancellationToken cancellationToken)
    {
        var limit = Page.Read(request, DefaultLimit, MaximumLimit).Limit;
        var runId = request.Query["run_id"].ToString();
        var rows = await database.ReadAsync(
            sql => runId.Length > 0 ? ManifestStore.ListRunAsync(sql, runId, limit) : ManifestStore.ListAsync(sql, limit), cancellationToken);
        return Results.Ok(rows.Select(row => new ManifestAnswer(
            row.Name, row.Version, row.Wheel, row.PythonTag, row.PlatformTag, row.Status, row.RunId, row.Sha256, row.SizeBytes)));
    }

    private static async Task<IResult> SaveManifestAsync(Body<OneOrMany<ManifestBody>> body, Database database, CancellationToken cancellationToken)
    {
        var entries = body.Value.Items;
        await database.WriteAsync(
            sql =>
            {
                sql.Append(new EventDraft("manifest.saved", new EventPayload().AddValue("entries", entries)) { ActorId = "api" });
                return Task.FromResult(0);
            },
            cancellationToken);
        return Results.Json(new SavedAnswer(entries.Count == 1 ? "1 entry was saved." : $"{entries.Count} entries were saved.", entries.Count), statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> ListAsync(HttpRequest request, Database database, IArtifacts artifacts, CancellationToken cancellationToken)
    {
        var limit = Page.Read(request, DefaultLimit, MaximumLimit).Limit;
        var rows = await database.ReadAsync(sql => ManifestStore.ListWheelsAsync(sql, limit), cancellationToken);
        return Results.Ok(rows.Select(row => new ArtifactAnswer(row.Name, row.Version, row.Wheel, Url(row, artifacts), row.Sha256, row.SizeBytes)));
    }

    private static IResult Read(string digest, IArtifacts artifacts)
    {
        if (!ArtifactFiles.IsDigest(digest))
        {
            return BadDigest(digest);
        }

        return artifacts.PathOf(digest) is { } path
            ? Results.File(path, "application/octet-stream", lastModified: null, entityTag: new EntityTagHeaderValue($"\"{digest}\""), enableRangeProcessing: true)
            : Errors.NotFound($"No file with the sha256 {Errors.Quote(digest)} is stored here.");
    }

    private static async Task<IResult> StoreAsync(
        string digest, HttpRequest request, IArtifacts artifacts, IOptions<ArtifactOptions> options, CancellationToken cancellationToken)
    {
        if (!ArtifactFiles.IsDigest(digest))
        {
            return BadDigest(digest);
        }

        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = (long)options.Value.MaxMegabytes << 20;
        }

        return await artifacts.StoreAsync(request.Body, digest, cancellationToken) is { } stored
            ? Results.Json(new StoredAnswer("Stored.", stored.Sha256, stored.SizeBytes), statusCode: StatusCodes.Status201Created)
            : Errors.Validation($"The content does not have the sha256 {Errors.Quote(digest)}; nothing was stored.");
    }

    private static IResult BadDigest(string digest) =>
        Errors.Validation($"The digest is {Errors.Quote(digest)}; 64 lower-case hex digits are expected.");

    private static string? Url(ManifestRow row, IArtifacts artifacts)
    {
        if (row.Sha256 is { } digest && artifacts.PathOf(digest) is not null)
        {
            return $"/api/artifacts/sha256/{digest}";
        }

        return Uri.TryCreate(row.Wheel, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? row.Wheel : null;
    }
}
