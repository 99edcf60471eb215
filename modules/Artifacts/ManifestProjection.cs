using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;

namespace Refinery.Artifacts;

/// <summary>Manifest entries from <c>manifest.saved</c>, and from the wheels that builds made here.</summary>
internal sealed class ManifestProjection : IProjection
{
    /// <summary>Room for the entries of one event, so that ids follow from the journal alone.</summary>
    private const long EntriesPerEvent = 100_000;

    public string Name => "manifest";

    public Task ResetAsync(SqlSession sql) => ManifestStore.ResetAsync(sql);

    public async Task ApplyAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        foreach (var happened in events)
        {
            foreach (var row in Rows(happened))
            {
                await ManifestStore.InsertAsync(sql, row);
            }
        }
    }

    private static IEnumerable<ManifestRow> Rows(JournalEvent happened) => happened.EventType switch
    {
        "manifest.saved" => happened.Payload.GetProperty("entries").EnumerateArray().Select((entry, index) => Saved(happened, entry, index)),
        "artifact.created" when Text(happened.Payload, "artifact_type") == "wheel" && Text(happened.Payload, "package") is not null => [Made(happened)],
        _ => [],
    };

    private static ManifestRow Saved(JournalEvent happened, JsonElement json, int index)
    {
        var entry = JsonSerializer.Deserialize<ManifestBody>(json, RefineryJson.Options)
            ?? throw new InvalidOperationException($"Event {happened.EventId} holds a manifest entry that is null.");
        return new ManifestRow
        {
            EntryId = (happened.Sequence * EntriesPerEvent) + index,
            Sequence = happened.Sequence,
            RunId = entry.RunId,
            Name = entry.Name,
            Version = entry.Version,
            Wheel = entry.Wheel ?? string.Empty,
            PythonTag = entry.PythonTag,
            PlatformTag = entry.PlatformTag,
            Status = entry.Status,
            Sha256 = entry.Sha256,
            SizeBytes = entry.SizeBytes,
        };
    }

    private static ManifestRow Made(JournalEvent happened) => new()
    {
        EntryId = happened.Sequence * EntriesPerEvent,
        Sequence = happened.Sequence,
        RunId = Text(happened.Payload, "run_id"),
        Name = Text(happened.Payload, "package") ?? string.Empty,
        Version = Text(happened.Payload, "version") ?? string.Empty,
        Wheel = Text(happened.Payload, "file_name") ?? string.Empty,
        PythonTag = Text(happened.Payload, "python_tag"),
        PlatformTag = Text(happened.Payload, "platform_tag"),
        Status = "built",
        Sha256 = Text(happened.Payload, "sha256"),
        SizeBytes = happened.Payload.GetProperty("size_bytes").GetInt64(),
    };

    private static string? Text(JsonElement owner, string name) => owner.TryGetProperty(name, out var value) ? value.GetString() : null;
}
