using Refinery.Builds.Index;
using Refinery.Builds.Packages;
using Refinery.Builds.Wheels;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>Finds the wheel that a build would make again.</summary>
internal sealed class StoredWheels(StoredWheelStore store, IArtifacts artifacts)
{
    /// <summary>The newest wheel of this source for this target whose file is still there, or null.</summary>
    /// <param name="sha256">Digests the sdist may have; empty when none is known, and then the version decides.</param>
    public async Task<StoredWheel?> FindAsync(SdistCandidate source, InterpreterInfo python, IReadOnlyList<string> sha256, CancellationToken cancellationToken)
    {
        var rows = await store.ListAsync(PackageName.Normalize(source.Name), cancellationToken);
        foreach (var row in rows.Where(row =>
            PepVersion.TryParse(row.Version) == source.Version
            && (sha256.Count == 0 || sha256.Contains(row.SourceSha256, StringComparer.OrdinalIgnoreCase))
            && IsFor(row, python)))
        {
            if (await artifacts.ContainsAsync(row.Sha256, cancellationToken))
            {
                return new StoredWheel(row.FileName, row.Sha256, row.SizeBytes);
            }
        }

        return null;
    }

    /// <summary>A build that named no target made what its wheel's name says.</summary>
    private static bool IsFor(StoredWheelRow row, InterpreterInfo python) =>
        WheelName.Parse(row.FileName) is { } name
        && (row.PythonTag is { } built ? built == python.PythonTag : WheelTags.FitPython(name, python.PythonTag))
        && (row.PlatformTag is { } platform ? platform == python.PlatformTag : WheelTags.FitPlatform(name, python.PlatformTag));
}
