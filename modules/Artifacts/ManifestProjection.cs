using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;

namespace Refinery.Artifacts;

/// <summary>Makes the manifest from what workers say they made and from the wheels our own builds made.</summary>
internal sealed class ManifestProjection : IProjection
{
    private const string Saved = "manifest.saved";
    private const string ArtifactCreated = "artifact.created";

    public string Name => "manifest";

    /// <summary>The fact that a worker has told what became of these wheels.</summary>
    public static EventDraft Save(IReadOnlyList<ManifestEntry> entries) =>
        new(Saved, new EventPayload().AddValue("entries", entries));

    public Task ResetAsync(SqlSession sql) => ManifestStore.ResetAsync(sql);

    public async Task ApplyAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        foreach (var happened in events)
        {
            foreach (var (position, entry) in Entries(happened).Index())
            {
                await ManifestStore.InsertAsync(sql, ManifestRow.Of(entry, happened.Sequence, position));
            }
        }
    }

    /// <summary>The entries of an event; none when its payload has another shape, as a foreign producer's may.</summary>
    private static IReadOnlyList<ManifestEntry> Entries(JournalEvent happened)
    {
        try
        {
            return happened.EventType switch
            {
                Saved => happened.Payload.Read<SavedJson>()?.Entries ?? [],
                ArtifactCreated => happened.Payload.Read<WheelJson>()?.Entry() is { } entry ? [entry] : [],
                _ => [],
            };
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>The payload of <c>manifest.saved</c>.</summary>
    private sealed record SavedJson(IReadOnlyList<ManifestEntry> Entries);

    /// <summary>The payload of <c>artifact.created</c> as a wheel build writes it.</summary>
    private sealed record WheelJson(
        string ArtifactType,
        string FileName,
        string Package,
        string? Version = null,
        string? PythonTag = null,
        string? PlatformTag = null,
        string? RunId = null,
        string? Sha256 = null,
        long? SizeBytes = null)
    {
        /// <summary>The wheel's entry; null when the artifact is no wheel.</summary>
        public ManifestEntry? Entry()
        {
            var name = WheelName.Parse(FileName);
            var entry = new ManifestEntry(
                Package,
                "built",
                Version ?? name?.Version,
                FileName,
                name?.PythonTag ?? PythonTag,
                name?.PlatformTag ?? PlatformTag,
                RunId,
                Sha256,
                SizeBytes);
            return ArtifactType == "wheel" && entry.Fault() is null ? entry : null;
        }
    }
}
