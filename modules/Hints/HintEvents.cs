using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Web;

namespace Refinery.Hints;

/// <summary>The facts about hints, as the journal keeps them.</summary>
internal static class HintEvents
{
    public const string Created = "hint.created";
    public const string Updated = "hint.updated";
    public const string Deleted = "hint.deleted";

    /// <summary>One event for all hints of the catalogue that were missing at a start.</summary>
    public const string Seeded = "hint.seeded";

    public static EventDraft Create(Hint hint) => new(Created, new EventPayload().AddValue("hint", hint with { Matches = 0 }));

    public static EventDraft Update(Hint hint) => new(Updated, new EventPayload().AddValue("hint", hint with { Matches = 0 }));

    public static EventDraft Delete(string id) => new(Deleted, new EventPayload().Add("hint_id", id));

    public static EventDraft Seed(IReadOnlyList<Hint> hints) => new(Seeded, new EventPayload().AddValue("hints", hints));

    /// <summary>The hints an event speaks of; empty when its payload has another shape, as a foreign producer's may.</summary>
    public static IReadOnlyList<Hint> Read(JournalEvent happened)
    {
        try
        {
            var payload = happened.Payload.ToElement();
            return payload.TryGetProperty("hints", out var many)
                ? many.Deserialize<Hint[]>(RefineryJson.Options) ?? []
                : payload.TryGetProperty("hint", out var one) && one.Deserialize<Hint>(RefineryJson.Options) is { } hint ? [hint] : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
