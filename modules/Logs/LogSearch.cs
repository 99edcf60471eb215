namespace Refinery.Logs;

/// <summary>Finds the newest lines that match.</summary>
/// <remarks>
/// Two ways, chosen by how common the match is. Few matching texts: their logs are looked up and put in order. Many: the
/// logs are walked from the newest on, and only those whose text may match are scanned, until the page is full.
/// </remarks>
internal sealed class LogSearch(LogArchive archive, ITextKeeper texts, LogStore store, TimeProvider clock) : IDisposable
{
    private const int CommonTexts = 200;
    private const int WalkPage = 200;
    private const long MaxBytes = 4L << 30;

    /// <summary>After this a search answers what it has.</summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromMilliseconds(250);

    // Searching is work for the processor, which builds and heartbeats need as well.
    private readonly SemaphoreSlim seats = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <param name="normalizedName">Only this package's logs; null for all.</param>
    public async Task<SearchAnswer> FindAsync(ILinePattern pattern, string? normalizedName, int limit, CancellationToken cancellationToken)
    {
        var isWhole = await texts.CatchUpAsync(cancellationToken);
        await seats.WaitAsync(cancellationToken);
        try
        {
            var budget = new SearchBudget(clock, MaxTime, MaxBytes);
            var search = new TextSearch(archive.Segments, pattern, budget);
            var page = new FoundPage(limit);
            await FillAsync(page, search, normalizedName, cancellationToken);
            return new SearchAnswer(page.Lines(), budget.IsSpent || !isWhole);
        }
        finally
        {
            seats.Release();
        }
    }

    public void Dispose() => seats.Dispose();

    private async Task FillAsync(FoundPage page, TextSearch search, string? normalizedName, CancellationToken cancellationToken)
    {
        if (normalizedName is not null)
        {
            await WalkAsync(page, search, normalizedName, cancellationToken);
            return;
        }

        var matching = search.Newest().Take(CommonTexts).ToList();
        if (matching.Count == CommonTexts && await WalkAsync(page, search, normalizedName, cancellationToken))
        {
            return;
        }

        foreach (var text in matching)
        {
            foreach (var log in await store.ListWithTextAsync(text.Segment.Sha256Of(text.Text), page.Limit, cancellationToken))
            {
                page.Add(log, text.Lines);
            }
        }
    }

    /// <summary>True when the page is full or the logs are all walked; false when the budget ended the walk.</summary>
    private async Task<bool> WalkAsync(FoundPage page, TextSearch search, string? normalizedName, CancellationToken cancellationToken)
    {
        var cursor = LogCursor.Newest(normalizedName);
        while (!search.IsSpent)
        {
            var rows = await texts.ListOlderAsync(cursor, WalkPage, cancellationToken);
            foreach (var row in rows)
            {
                if (row.Place is { } place && search.In(place) is { } found)
                {
                    page.Add(row, found.Lines);
                }

                if (page.IsFull || search.IsSpent)
                {
                    return page.IsFull;
                }
            }

            if (rows.Count == 0)
            {
                return true;
            }

            cursor = cursor.After(rows[^1]);
        }

        return false;
    }
}

/// <summary>What a search found.</summary>
/// <param name="IsTruncated">It was ended by its bounds, or not every text was here yet: there may be more.</param>
internal sealed record SearchAnswer(IReadOnlyList<FoundLine> Lines, bool IsTruncated);

/// <summary>Gathers found lines and answers the newest logs' first.</summary>
internal sealed class FoundPage(int limit)
{
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);
    private readonly List<(LogRow Log, IReadOnlyList<NumberedMatch> Lines)> found = [];
    private int count;

    public int Limit => limit;

    public bool IsFull => count >= limit;

    public void Add(LogRow log, IReadOnlyList<NumberedMatch> lines)
    {
        if (seen.Add(log.LogId))
        {
            found.Add((log, lines));
            count += lines.Count;
        }
    }

    public IReadOnlyList<FoundLine> Lines() =>
    [
        .. found.OrderByDescending(one => one.Log.Timestamp).ThenByDescending(one => one.Log.Sequence)
            .SelectMany(one => one.Lines.Select(line => Line(one.Log, line)))
            .Take(limit),
    ];

    private static FoundLine Line(LogRow log, NumberedMatch line) => new(
        log.LogId,
        log.Name,
        log.Version,
        log.Attempt,
        log.Timestamp,
        line.Line,
        line.Match.Snippet,
        new FoundMatch(line.Match.Start, line.Match.Length));
}
