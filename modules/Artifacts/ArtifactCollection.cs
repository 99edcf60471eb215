using Microsoft.Extensions.Logging;
using Refinery.Kernel.Journal;

namespace Refinery.Artifacts;

/// <summary>Deletes what nobody knows any more: artifacts that no event of the journal mentions and that are old.</summary>
/// <remarks>
/// Age makes it safe beside builds: whoever tells of an artifact stores or renews it first, and tells within minutes. So what becomes mentioned after
/// the journal was read is young, and age is asked again under the lock of each digest before its file goes.
/// </remarks>
internal sealed partial class ArtifactCollection(ArtifactStore store, IArtifactPlace place, EventJournal journal, TimeProvider clock, ILogger<ArtifactCollection> logger)
{
    private const int PageSize = 500;

    /// <param name="olderThan">At least an hour; younger artifacts are kept.</param>
    /// <param name="dryRun">True to delete nothing and only count.</param>
    public async Task<CollectAnswer> RunAsync(TimeSpan olderThan, bool dryRun, CancellationToken cancellationToken)
    {
        var since = clock.GetUtcNow() - olderThan;
        var (stored, lengths) = await ListOlderAsync(since, cancellationToken);
        var unmentioned = new HashSet<string>(lengths.Keys, StringComparer.OrdinalIgnoreCase);
        await StrikeOutMentionedAsync(unmentioned, cancellationToken);
        var (collected, bytes) = (0L, 0L);
        foreach (var digest in unmentioned)
        {
            if (dryRun || await store.DeleteOlderAsync(digest, since, cancellationToken))
            {
                (collected, bytes) = (collected + 1, bytes + lengths[digest]);
            }
        }

        if (!dryRun && collected > 0)
        {
            LogCollected(logger, collected, bytes, stored - collected);
        }

        return CollectAnswer.Of(collected, bytes, stored - collected, dryRun);
    }

    /// <returns>How many are stored, and the lengths of those that are old.</returns>
    private async Task<(long Stored, Dictionary<string, long> Lengths)> ListOlderAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        var (stored, lengths) = (0L, new Dictionary<string, long>(StringComparer.Ordinal));
        await foreach (var file in place.ListAsync(cancellationToken))
        {
            stored++;
            if (file.StoredAt < since)
            {
                lengths.Add(file.Digest, file.Length);
            }
        }

        return (stored, lengths);
    }

    private async Task StrikeOutMentionedAsync(HashSet<string> digests, CancellationToken cancellationToken)
    {
        var sequence = 0L;
        while (digests.Count > 0 && await journal.ListAfterAsync(sequence, PageSize, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var happened in page)
            {
                Mentions.StrikeOut(happened.Canonical, digests);
                Mentions.StrikeOut(happened.Target, digests);
            }

            sequence = page[^1].Sequence;
        }
    }

    [LoggerMessage(LogLevel.Information, "{Collected} artifacts of {Bytes} bytes, which no event mentions, were collected; {Kept} were kept.")]
    private static partial void LogCollected(ILogger logger, long collected, long bytes, long kept);
}
