using System.Text.Json;
using Refinery.Kernel.Web;

namespace Refinery.Graph;

/// <summary>What an executor sends: events that happened, and artifacts that came of them.</summary>
/// <param name="Target">What the work was for.</param>
/// <param name="BundleId">The sender's own name for it; means nothing to us and need not be unique.</param>
internal sealed record Bundle(string Target, string BundleId, IReadOnlyList<BundleEvent> Events, IReadOnlyList<BundleArtifact>? Artifacts = null) : IChecked
{
    private const int MostEvents = 10_000;
    private const int LongestText = 200;
    private const int LongestAddress = 2_000;

    public string? Fault() => this switch
    {
        _ when TextFault("target", Target) is { } fault => fault,
        _ when TextFault("bundle_id", BundleId) is { } fault => fault,
        { Events.Count: > MostEvents } => $"The field 'events' has {Events.Count} entries; at most {MostEvents} are expected.",
        { Artifacts.Count: > MostEvents } => $"The field 'artifacts' has {Artifacts.Count} entries; at most {MostEvents} are expected.",
        { Events.Count: 0, Artifacts.Count: > 0 } => $"The field 'artifacts' has {Artifacts.Count} entries and 'events' is empty; an artifact takes its instant from the bundle's events, so at least one is expected.",
        _ => First("events", Events, EventFault) ?? First("artifacts", Artifacts ?? [], ArtifactFault),
    };

    private static string? First<T>(string list, IReadOnlyList<T> items, Func<T, string, string?> fault)
    {
        for (var index = 0; index < items.Count; index++)
        {
            var place = $"{list}[{index}]";
            if (items[index] is null)
            {
                return $"The field '{place}' is null; a JSON object is expected.";
            }

            if (fault(items[index], place) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static string? EventFault(BundleEvent sent, string place) =>
        TextFault($"{place}.event_id", sent.EventId)
        ?? TextFault($"{place}.event_type", sent.EventType)
        ?? (sent.ActorId is null ? null : TextFault($"{place}.actor_id", sent.ActorId))
        ?? (sent.HappenedAt is null ? $"The field '{place}.timestamp' is {Errors.Quote(sent.Timestamp)}; an ISO 8601 instant is expected." : null)
        ?? (sent.Payload.ValueKind != JsonValueKind.Object ? $"The field '{place}.payload' is {Errors.Quote(sent.Payload.GetRawText())}; a JSON object is expected." : null)
        ?? (sent.CanonicalFault() is { } fault ? $"The field '{place}.payload' cannot be kept: {fault}" : null);

    private static string? ArtifactFault(BundleArtifact sent, string place) =>
        TextFault($"{place}.sha256", sent.Sha256)
        ?? (sent.Kind is null ? null : TextFault($"{place}.kind", sent.Kind))
        ?? (sent.AttemptId is null ? null : TextFault($"{place}.attempt_id", sent.AttemptId))
        ?? (sent.Uri is { Length: > LongestAddress } ? $"The field '{place}.uri' is longer than {LongestAddress} characters." : null)
        ?? (sent.Size is < 0 ? $"The field '{place}.size' is {sent.Size}; bytes, 0 or more, are expected." : null);

    private static string? TextFault(string field, string text) => text.Length is >= 1 and <= LongestText && !text.Any(char.IsControl)
        ? null
        : $"The field '{field}' is {Errors.Quote(text)}; 1 to {LongestText} characters without control characters are expected.";
}

/// <summary>Bytes that an attempt left behind, wherever they lie.</summary>
/// <param name="AttemptId">Whose it is; null where the bundle tells of one attempt only.</param>
internal sealed record BundleArtifact(string Sha256, string? Kind = null, string? Uri = null, long? Size = null, string? AttemptId = null);

/// <summary>A bundle was taken in.</summary>
/// <param name="Ingested">Events of the bundle that are in the journal now: the new ones and those it held word for word.</param>
/// <param name="Conflicts">Ids passed over because they belong to other events; only with <c>on_conflict=skip</c>.</param>
internal sealed record BundleAnswer(int Ingested, string BundleId, string Status, int New, int Duplicates, IReadOnlyList<string>? Conflicts = null);
