using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Artifacts;

/// <summary>The hands of the files: fetch one by its digest, store one under it.</summary>
internal static class ArtifactEndpoints
{
    private const string Route = "/api/artifacts/sha256/{digest}";
    private const string Binary = "application/octet-stream";

    public static void MapArtifacts(this IEndpointRouteBuilder routes)
    {
        var limit = routes.ServiceProvider.GetRequiredService<IOptions<ArtifactOptions>>().Value.MaxMebibytes << 20;
        routes.MapGet(Route, FetchAsync).WithTags("Artifacts")
            .Produces<byte[]>(StatusCodes.Status200OK, Binary).Produces(StatusCodes.Status206PartialContent).Produces(StatusCodes.Status304NotModified)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status416RangeNotSatisfiable)
            .WithName("FetchArtifact").WithSummary("A stored file by its sha256.")
            .WithDescription("The ETag is the digest. If-None-Match, Range and If-Range are obeyed. Content that no longer has its digest is given to nobody: 404 until it is stored again.");
        routes.MapMethods(Route, [HttpMethods.Head], FetchAsync).ExcludeFromDescription();
        routes.MapPut(Route, StoreAsync).WithTags("Artifacts").RequireWorkerToken().WithBodyLimit(limit)
            .Accepts<byte[]>(Binary).Produces<ArtifactStored>(StatusCodes.Status201Created)
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .WithName("StoreArtifact").WithSummary("Store a file under its sha256.")
            .WithDescription("The digest is computed while the body is written; another digest than the path's is a 400 and nothing is stored.");
    }

    private static async Task<IResult> FetchAsync(string digest, HttpRequest request, ArtifactStore artifacts, CancellationToken cancellationToken) =>
        await artifacts.OpenAsync(digest, cancellationToken) is { } content
            ? Results.Stream(content, Binary, enableRangeProcessing: IsOfBytes(request), entityTag: new EntityTagHeaderValue($"\"{digest.ToLowerInvariant()}\""))
            : Errors.NotFound(artifacts.WasDamaged(digest)
                ? $"The content stored under {Errors.Quote(digest)} was damaged and was set aside; store it again."
                : $"No artifact with the digest {Errors.Quote(RouteText.Decode(digest))} is stored.");

    /// <summary>A range of another unit counts as none; the framework would take it for one of bytes. Source: RFC 9110, 14.2.</summary>
    private static bool IsOfBytes(HttpRequest request) =>
        request.GetTypedHeaders().Range is not { } range || range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase);

    private static async Task<IResult> StoreAsync(string digest, HttpRequest request, IArtifacts artifacts, CancellationToken cancellationToken)
    {
        if (Digest.Read(digest) is not { } expected)
        {
            return Errors.Validation($"The digest is {Errors.Quote(RouteText.Decode(digest))}; 64 hex digits are expected.");
        }

        return await artifacts.StoreAsync(request.Body, expected, cancellationToken) is { } stored
            ? Results.Created($"/api/artifacts/sha256/{stored.Sha256}", new ArtifactStored("The artifact was stored.", stored.Sha256, stored.SizeBytes))
            : Errors.Validation($"The content does not have the sha256 {Errors.Quote(expected)} that the path names; nothing was stored.");
    }
}
