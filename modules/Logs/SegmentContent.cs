namespace Refinery.Logs;

/// <summary>What a segment holds: its texts, their signatures, and where the next text goes.</summary>
internal sealed class SegmentContent
{
    public TextSpans Texts { get; } = new();

    public BlockSignatures Signatures { get; } = new();

    /// <summary>What is no whole text: half written when the process died, or damaged since.</summary>
    public List<TextSpan> Unclear { get; } = [];

    public int End { get; set; }
}
