using System.Text.Json;
using System.Text.Json.Serialization;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Graph;

/// <summary>An event as it was sent.</summary>
/// <param name="Timestamp">ISO 8601, echoed as it was written.</param>
internal sealed record BundleEvent(string EventId, string EventType, string Timestamp, JsonElement Payload, string? ActorId = null)
{
    private EventPayload? canonical;

    /// <summary>Null when the timestamp is none.</summary>
    [JsonIgnore]
    public DateTimeOffset? HappenedAt { get; } = Instant.TryParse(Timestamp, out var instant) ? instant : null;

    /// <summary>Makes the payload's canonical text.</summary>
    /// <returns>Why it has none; null when all is well.</returns>
    public string? CanonicalFault()
    {
        try
        {
            canonical = EventPayload.From(Payload).Seal();
            return null;
        }
        catch (FormatException fault)
        {
            return fault.Message;
        }
    }

    /// <summary>The event for the journal; called once the event was found well.</summary>
    public EventDraft Draft(string target) => new(EventType, canonical ?? EventPayload.From(Payload))
    {
        EventId = EventId,
        ActorId = ActorId,
        Target = target,
        Timestamp = HappenedAt,
        SentTimestamp = Timestamp,
    };
}
