using Refinery.Kernel.Work;

namespace Refinery.Hints;

/// <summary>Answers which hints match a log; keeps the set ready until a hint changes.</summary>
internal sealed class HintFinder(HintStore store, TimeProvider clock) : IHints
{
    private volatile ReadySet? ready;

    public async Task<IReadOnlyList<MatchedHint>> MatchAsync(string logTail, string? package, CancellationToken cancellationToken)
    {
        // Other hosts change hints too, so the table is asked and not this process's memory.
        var revision = await store.RevisionAsync(cancellationToken);
        if (ready is not { } set || set.Revision != revision)
        {
            set = new ReadySet(revision, new HintMatcher(await store.AllAsync(cancellationToken), clock));
            ready = set;
        }

        return set.Matcher.Match(logTail, package);
    }

    /// <summary>The hints of a revision or a later one.</summary>
    private sealed record ReadySet(long Revision, HintMatcher Matcher);
}
