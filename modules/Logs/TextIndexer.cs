namespace Refinery.Logs;

/// <summary>Indexes one text that comes in pieces of any size.</summary>
/// <param name="signatures">The index of the segment the text goes to.</param>
/// <param name="text">The text's first byte in the segment.</param>
internal sealed class TextIndexer(BlockSignatures signatures, int text)
{
    private const int EdgeLength = Trigrams.Length - 1;

    private readonly List<(int Block, int Count)> lineBreaks = [];
    private byte[] edge = [];
    private int length;

    public void Add(ReadOnlySpan<byte> piece)
    {
        Span<byte> bridge = [.. edge, .. piece[..Math.Min(EdgeLength, piece.Length)]];
        var at = text + length;
        signatures.Cover(text, at - edge.Length, bridge);
        signatures.Cover(text, at, piece);
        CountLineBreaks(at, piece);
        length += piece.Length;
        edge = piece.Length >= EdgeLength ? [.. piece[^EdgeLength..]] : [.. bridge[Math.Max(0, bridge.Length - EdgeLength)..]];
    }

    /// <summary>The text is kept: its line breaks count from now on.</summary>
    public void Keep()
    {
        foreach (var (block, count) in lineBreaks)
        {
            signatures.AddLineBreaks(block, count);
        }
    }

    private void CountLineBreaks(int at, ReadOnlySpan<byte> piece)
    {
        for (var from = 0; from < piece.Length;)
        {
            var block = (at + from) / BlockSignatures.BlockSize;
            var to = Math.Min(piece.Length, ((block + 1) * BlockSignatures.BlockSize) - at);
            lineBreaks.Add((block, piece[from..to].Count((byte)'\n')));
            from = to;
        }
    }
}
