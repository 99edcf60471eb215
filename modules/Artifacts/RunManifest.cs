using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Artifacts;

/// <summary>Journals the manifests of runs inside this process as those of others are.</summary>
internal sealed class RunManifest : IManifest
{
    public void Save(SqlSession sql, IReadOnlyList<ManifestLine> entries) =>
        sql.Append(ManifestProjection.Save([.. entries.Select(Entry)]) with { ActorId = "refinery" });

    private static ManifestEntry Entry(ManifestLine line) => new(
        line.Name, line.Status, line.Version, line.Wheel, line.PythonTag, line.PlatformTag, line.RunId, line.Sha256, line.SizeBytes);
}
