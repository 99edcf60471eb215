using System.Collections.Concurrent;

namespace Refinery.Artifacts;

/// <summary>Remembers which files were found good or damaged, so that one is hashed once and not at every read. Safe for all threads.</summary>
internal sealed class CheckedFiles
{
    private const int Most = 50_000;

    private readonly ConcurrentDictionary<string, (string Stamp, bool IsGood)> verdicts = new(StringComparer.Ordinal);

    /// <summary>What was found of just these bytes; null when they were not read yet.</summary>
    public bool? IsGood(PlacedFile file) =>
        verdicts.TryGetValue(file.Digest, out var verdict) && verdict.Stamp == file.Stamp ? verdict.IsGood : null;

    /// <summary>Whether the last file that was read under this digest was damaged.</summary>
    public bool WasDamaged(string digest) => verdicts.TryGetValue(digest, out var verdict) && !verdict.IsGood;

    public void Remember(PlacedFile file, bool isGood)
    {
        if (verdicts.Count >= Most)
        {
            // The cost of forgetting is one more reading of each.
            verdicts.Clear();
        }

        verdicts[file.Digest] = (file.Stamp, isGood);
    }
}
