namespace Refinery.Logs;

/// <summary>The matching lines of a text, at most a few.</summary>
internal sealed record TextMatches(LogSegment Segment, TextSpan Text, IReadOnlyList<NumberedMatch> Lines);

/// <summary>A matching line and its number from 1.</summary>
internal sealed record NumberedMatch(int Line, LineMatch Match);

/// <summary>One search over the archive's texts: asks each segment's index for candidate blocks and scans those.</summary>
internal sealed class TextSearch(IReadOnlyList<LogSegment> segments, ILinePattern pattern, SearchBudget budget)
{
    /// <summary>More lines of one text than this are not answered: one log shall not fill the page.</summary>
    public const int MaxLines = 3;

    private readonly Dictionary<int, LogSegment> byNumber = segments.ToDictionary(segment => segment.Number);
    private readonly Dictionary<int, CandidateBlocks> candidates = [];
    private readonly int[][][] rows = [.. pattern.Required.Select(texts => texts.Select(text => Trigrams.RowsOf(text)).ToArray())];

    /// <summary>The budget has ended the search: there may be more than it found.</summary>
    public bool IsSpent => budget.IsSpent;

    /// <summary>The matching texts, last stored first, found as they are asked for. Ends early when the budget is spent.</summary>
    public IEnumerable<TextMatches> Newest()
    {
        for (var at = segments.Count - 1; at >= 0; at--)
        {
            var blocks = CandidatesOf(segments[at]);
            foreach (var text in blocks.TextsFromLast())
            {
                if (Scan(blocks, text) is { } found)
                {
                    yield return found;
                }

                if (budget.IsSpent)
                {
                    yield break;
                }
            }
        }
    }

    /// <summary>The matches in one text, or null.</summary>
    public TextMatches? In(TextPlace place) =>
        byNumber.TryGetValue(place.Segment, out var segment)
            ? Scan(CandidatesOf(segment), new TextSpan(place.Offset, place.Length))
            : null;

    private CandidateBlocks CandidatesOf(LogSegment segment)
    {
        if (!candidates.TryGetValue(segment.Number, out var blocks))
        {
            blocks = candidates[segment.Number] = new CandidateBlocks(segment, rows);
        }

        return blocks;
    }

    private TextMatches? Scan(CandidateBlocks blocks, TextSpan text)
    {
        var scan = new TextScan(blocks.Segment, text, pattern);
        foreach (var block in blocks.BlocksOf(text))
        {
            if (!budget.TrySpend(BlockSignatures.BlockSize) || !scan.Add(block, MaxLines))
            {
                break;
            }
        }

        return scan.Lines.Count == 0 ? null : new TextMatches(blocks.Segment, text, scan.Lines);
    }
}
