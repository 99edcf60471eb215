using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;

namespace Refinery.Graph;

/// <summary>Takes bundles into the journal, each whole or not at all.</summary>
internal sealed class Ingest(Database database, TimeProvider clock)
{
    /// <param name="bundle">Checked.</param>
    /// <param name="skipConflicts">True to pass over events whose id belongs to another event.</param>
    /// <exception cref="BundleConflictException">An id belongs to another event, and conflicts are not passed over; nothing was kept.</exception>
    public Task<BundleAnswer> TakeAsync(Bundle bundle, bool skipConflicts, CancellationToken cancellationToken)
    {
        var events = bundle.Events.Select(sent => sent.Draft(bundle.Target)).ToList();
        var artifacts = Artifacts(bundle).ToList();
        return database.WriteAsync(
            async sql =>
            {
                var (added, known, conflicts) = await AppendAsync(sql, events, skipConflicts);
                foreach (var draft in artifacts)
                {
                    // Its id says all there is to say of it, so one that is there already is the same whenever it was sent.
                    await EventJournal.AppendOnceAsync(sql, draft);
                }

                return new BundleAnswer(added + known, bundle.BundleId, "ok", added, known, skipConflicts ? conflicts : null);
            },
            cancellationToken);
    }

    private static async Task<(int Added, int Known, IReadOnlyList<string> Conflicts)> AppendAsync(SqlSession sql, List<EventDraft> events, bool skipConflicts)
    {
        var (added, known) = (0, 0);
        var conflicts = new List<string>();
        foreach (var draft in events)
        {
            switch (await EventJournal.AppendOnceAsync(sql, draft))
            {
                case Arrival.New:
                    added++;
                    break;
                case Arrival.Known:
                    known++;
                    break;
                default:
                    conflicts.Add(skipConflicts ? draft.EventId ?? string.Empty : throw new BundleConflictException(draft.EventId));
                    break;
            }
        }

        return (added, known, conflicts);
    }

    /// <summary>The list of artifacts as events, so that it is kept, chained and linked as all else.</summary>
    private IEnumerable<EventDraft> Artifacts(Bundle bundle)
    {
        var attempts = bundle.Events.Select(sent => sent.Payload.TextMember("attempt_id")).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        var happenedAt = bundle.Events.Max(sent => sent.HappenedAt) ?? clock.GetUtcNow();
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

/// <summary>An event's id belongs to another event.</summary>
internal sealed class BundleConflictException(string? eventId) : Exception($"Event {Errors.Quote(eventId)} is in the journal with another content; nothing of the bundle was taken. Send ?on_conflict=skip to pass it over.");
