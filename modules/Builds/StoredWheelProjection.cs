using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;

namespace Refinery.Builds;

/// <summary>Makes the rows of <c>stored_wheels</c> from the wheels that builds made.</summary>
internal sealed class StoredWheelProjection : IProjection
{
    public string Name => "stored_wheels";

    public Task ResetAsync(SqlSession sql) => StoredWheelStore.ResetAsync(sql);

    public async Task ApplyAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        foreach (var happened in events)
        {
            if (happened.EventType == "artifact.created" && Row(happened) is { } row)
            {
                await StoredWheelStore.InsertAsync(sql, row);
            }
        }
    }

    /// <summary>The row of an event; null when it tells of no wheel or has another shape, as a foreign producer's may.</summary>
    private static StoredWheelRow? Row(JournalEvent happened)
    {
        try
        {
            return happened.Payload.Read<WheelJson>() is { ArtifactType: "wheel" } wheel
                && wheel.IsPlain && WheelName.Parse(wheel.FileName) is { } name
                ? new StoredWheelRow
                {
                    Sequence = happened.Sequence,
                    NameKey = PackageName.Normalize(wheel.Package),
                    Version = wheel.Version ?? name.Version,
                    PythonTag = wheel.PythonTag,
                    PlatformTag = wheel.PlatformTag,
                    FileName = wheel.FileName,
                    Sha256 = wheel.Sha256,
                    SizeBytes = wheel.SizeBytes,
                    SourceSha256 = wheel.SourceSha256,
                }
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The payload of <c>artifact.created</c> as a wheel build writes it.</summary>
    private sealed record WheelJson(
        string ArtifactType, string FileName, string Package, string Sha256, long SizeBytes,
        string? Version = null, string? PythonTag = null, string? PlatformTag = null, string? SourceSha256 = null)
    {
        /// <summary>Whether every text is one that an index and a database hold.</summary>
        public bool IsPlain =>
            PackageName.Fault(Package) is null
            && new[] { FileName, Sha256, Version, PythonTag, PlatformTag, SourceSha256 }.All(text => text is null || !text.Any(char.IsControl));
    }
}
