using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;

namespace Refinery.Graph;

/// <summary>Takes bundles into the journal, each whole or not at all.</summary>
internal sealed class Ingest(Database database)
{
    /// <param name="bundle">Checked.</param>
    /// <param name="skipConflicts">True to pass over events whose id belongs to another event; else one of them keeps the whole bundle out.</param>
    public Task<Intake> TakeAsync(Bundle bundle, bool skipConflicts, CancellationToken cancellationToken)
    {
        var events = bundle.Events.Select(sent => sent.Draft(bundle.Target)).ToList();
        var artifacts = Artifacts(bundle).ToList();
        return database.WriteAsync(
            async sql =>
            {
                var arrivals = await EventJournal.AppendOnceAsync(sql, events, skipConflicts);
                IReadOnlyList<string> conflicts = [.. events.Zip(arrivals).Where(pair => pair.Second == Arrival.Conflict).Select(pair => pair.First.EventId ?? string.Empty)];
                if (conflicts.Count > 0 && !skipConflicts)
                {
                    return new Intake(0, 0, conflicts);
                }

                // An artifact's id says all there is to say of it, so one that is there already is the same whenever it was sent.
                await EventJournal.AppendOnceAsync(sql, artifacts, skipConflicts: true);
                return new Intake(arrivals.Count(arrival => arrival == Arrival.New), arrivals.Count(arrival => arrival == Arrival.Known), conflicts);
            },
            cancellationToken);
    }

    /// <summary>The list of artifacts as events, so that it is kept, chained and linked as all else; they happened when the last of the bundle's events did.</summary>
    private static IEnumerable<EventDraft> Artifacts(Bundle bundle)
    {
        var attempts = bundle.Events.Select(sent => sent.Payload.TextMember("attempt_id")).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        var happenedAt = bundle.Events.Max(sent => sent.HappenedAt);
        foreach (var artifact in bundle.Artifacts ?? [])
        {
            var attemptId = artifact.AttemptId ?? (attempts is [var only] ? only : null);
            var payload = new EventPayload()
                .Add("node_id", $"artifact-{artifact.Sha256}")
                .Add("node_type", NodeType.Artifact)
                .Add("attempt_id", attemptId)
                .Add("sha256", artifact.Sha256)
                .Add("artifact_type", artifact.Kind)
                .Add("uri", artifact.Uri)
                .Add("size_bytes", artifact.Size)
                .Seal();
            yield return new EventDraft("artifact.created", payload)
            {
                EventId = EventId(bundle.Target, attemptId, artifact),
                ActorId = bundle.Events is [.., var last] ? last.ActorId : null,
                Target = bundle.Target,
                Timestamp = happenedAt,
            };
        }
    }

    private static string EventId(string target, string? attemptId, BundleArtifact artifact)
    {
        var text = JsonSerializer.Serialize(new { target, attemptId, artifact }, RefineryJson.Options);
        return $"artifact-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16))}";
    }
}

/// <summary>What came of a bundle.</summary>
/// <param name="New">How many of its events joined the journal.</param>
/// <param name="Known">How many were there already, word for word.</param>
/// <param name="Conflicts">Ids of it that belong to other events.</param>
internal sealed record Intake(int New, int Known, IReadOnlyList<string> Conflicts);
