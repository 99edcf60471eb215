using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Web;

namespace Refinery.Graph;

/// <summary>What the journal is, signed, and proofs of what is in it: to be kept elsewhere and checked without this server.</summary>
internal static class JournalEndpoints
{
    private const string Pem = "application/x-pem-file";

    private const string Checkpoint =
        """{"origin":"refinery/59a5e2a1c2f0d3b4","size":1204,"root_hash":"3e1f0e324b19598d12f47375dca1207bf6ccbc5883980bb2525cf268f774d5ee","head_hash":"6ec0fb4600e5fcb4f841ec9cc5202b3bb4d7056d066c65fdd394350e76d1b9ac","timestamp":"2026-01-24T10:00:00Z","note":"refinery/59a5e2a1c2f0d3b4\n1204\nPh8OMksZWY0S9HN13KEge/bMvFiDmAuyUlzyaPd01e4=\n6ec0fb4600e5fcb4f841ec9cc5202b3bb4d7056d066c65fdd394350e76d1b9ac\n2026-01-24T10:00:00.000000Z\n\n— refinery/59a5e2a1c2f0d3b4 WaXioTBEAiA9\n"}""";

    private const string Proof = "{\"checkpoint\":" + Checkpoint
        + ""","hashes":["4620f5d6c4b4f2492987a39693c1baccf053defb2ec559d8468182f6ee90e479"],"sequence":1,"line":"{\"sequence\":1,\"hash\":\"4620f5d6\",\"target\":\"radix\",\"event\":{\"event_id\":\"evt-001\"}}"}""";

    public static void MapJournal(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/journal").WithTags("Event graph");
        api.MapGet("/checkpoint", CheckpointAsync).Produces<SignedCheckpoint>().WithExample(answer: Checkpoint)
            .WithName("JournalCheckpoint").WithSummary("How long the journal is and the Merkle root over its lines, signed.")
            .WithDescription("The note is what is signed: a C2SP signed note with a checkpoint of our own two further lines. Keep it elsewhere; whoever changes the journal cannot change it too.");
        api.MapGet("/key", (CheckpointKey key) => Results.Text(key.PublicPem, Pem)).Produces<string>(StatusCodes.Status200OK, Pem)
            .WithName("JournalKey").WithSummary("The public key of the checkpoints: ECDSA over P-256, as SubjectPublicKeyInfo in PEM.");
        api.MapGet("/proof", ProveAsync).Produces<JournalProof>().WithExample(answer: Proof)
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound)
            .WithQuery("sequence", "Prove that this event is in the journal.", "1", "integer")
            .WithQuery("from", "Prove that the journal goes on from its first so many events, those of an older checkpoint.", type: "integer")
            .WithName("JournalProof").WithSummary("A Merkle proof (RFC 6962) against a checkpoint that comes with it.")
            .WithDescription("Either sequence or from is needed. refinery verify --proof checks the answer without a server.");
    }

    private static async Task<IResult> CheckpointAsync(JournalProver prover, CancellationToken cancellationToken) =>
        Results.Ok(await prover.CheckpointAsync(cancellationToken));

    private static async Task<IResult> ProveAsync(HttpRequest request, JournalProver prover, CancellationToken cancellationToken)
    {
        if (request.QueryText("sequence") is null == request.QueryText("from") is null)
        {
            return Errors.Validation("Either the parameter 'sequence', an event's, or 'from', the size of an older checkpoint, is expected.");
        }

        if (request.QueryText("from") is not null)
        {
            var size = Page.Number(request, "from", fallback: 0, least: 0);
            return await prover.ContinueAsync(size, cancellationToken) is { } continuation
                ? Results.Ok(continuation)
                : Errors.NotFound($"The journal has fewer than {size} events.");
        }

        var sequence = Page.Number(request, "sequence", fallback: 1, least: 1);
        return await prover.ProveAsync(sequence, cancellationToken) is { } proof
            ? Results.Ok(proof)
            : Errors.NotFound($"The journal has no event {sequence} yet.");
    }
}
