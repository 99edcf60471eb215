using System.Text;
using Microsoft.Extensions.Logging;
using Refinery.Kernel.Journal;

namespace Refinery.Artifacts;

/// <summary>Deletes what nobody knows any more: artifacts that no event of the journal mentions and that are old.</summary>
/// <remarks>
/// Age makes it safe beside builds: a worker stores or renews an artifact before it tells of it, and tells within minutes; age is asked again under the
/// lock of each digest before its file goes. What others tell of old artifacts meanwhile is read from the journal before each deletion.
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
        var read = await StrikeOutMentionedAsync(unmentioned, after: 0, cancellationToken);
        var (collected, bytes) = (0L, 0L);
        foreach (var digest in unmentioned.ToList())
        {
            // What was appended meanwhile may mention it.
            read = await StrikeOutMentionedAsync(unmentioned, read, cancellationToken);
            if (!unmentioned.Contains(digest))
            {
                continue;
            }

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

    /// <returns>The sequence up to which the journal was read.</returns>
    private async Task<long> StrikeOutMentionedAsync(HashSet<string> digests, long after, CancellationToken cancellationToken)
    {
        var sequence = after;
        while (digests.Count > 0 && await journal.ListAfterAsync(sequence, PageSize, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var happened in page)
            {
                Mentions.StrikeOut(Encoding.ASCII.GetString(happened.Canonical.Span), digests);
                Mentions.StrikeOut(happened.Target, digests);
            }

            sequence = page[^1].Sequence;
        }

        return sequence;
    }

    [LoggerMessage(LogLevel.Information, "{Collected} artifacts of {Bytes} bytes, which no event mentions, were collected; {Kept} were kept.")]
    private static partial void LogCollected(ILogger logger, long collected, long bytes, long kept);
}
