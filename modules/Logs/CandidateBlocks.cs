using System.Numerics;

namespace Refinery.Logs;

/// <summary>The texts a segment has now, and the blocks of it that may hold what is looked for.</summary>
internal sealed class CandidateBlocks
{
    private readonly ReadOnlyMemory<TextSpan> texts;
    private readonly ulong[] blocks;

    /// <param name="segment">The texts it has now are looked at, those published later are not.</param>
    /// <param name="required">
    /// Lists of literals, each literal as its rows. A block is a candidate when it has all rows of one literal of the first
    /// list, and it or a neighbour has those of each other list: a line is looked at no further than that.
    /// </param>
    public CandidateBlocks(LogSegment segment, int[][][] required)
    {
        Segment = segment;
        texts = segment.Texts; // Before the index, which grows first.
        blocks = new ulong[(segment.Index.Blocks + 63) / 64];
        Array.Fill(blocks, ulong.MaxValue);
        for (var list = 0; list < required.Length; list++)
        {
            var having = BlocksHavingOneOf(required[list]);
            for (var word = 0; word < blocks.Length; word++)
            {
                blocks[word] &= list == 0 ? having[word] : WithNeighbours(having, word);
            }
        }
    }

    public LogSegment Segment { get; }

    /// <summary>The texts with a candidate block, last first.</summary>
    public IEnumerable<TextSpan> TextsFromLast()
    {
        var at = texts.Length - 1;
        while (at >= 0)
        {
            var text = texts.Span[at];
            var block = LastUpTo(BlockOf(text.End - 1));
            if (block >= BlockOf(text.Offset))
            {
                yield return text;
                at--;
            }
            else
            {
                at = block < 0 ? -1 : LastTextBeginningBefore((block + 1) * BlockSignatures.BlockSize);
            }
        }
    }

    /// <summary>The text's candidate blocks, first first.</summary>
    public IEnumerable<int> BlocksOf(TextSpan text)
    {
        var last = Math.Min(BlockOf(text.End - 1), (blocks.Length * 64) - 1);
        for (var block = BlockOf(text.Offset); block <= last; block++)
        {
            if ((blocks[block >> 6] >> (block & 63) & 1) != 0)
            {
                yield return block;
            }
        }
    }

    private static int BlockOf(int position) => position / BlockSignatures.BlockSize;

    private static ulong WithNeighbours(ulong[] bits, int word)
    {
        var before = word == 0 ? 0 : bits[word - 1] >> 63;
        var after = word == bits.Length - 1 ? 0 : bits[word + 1] << 63;
        return bits[word] | (bits[word] << 1) | (bits[word] >> 1) | before | after;
    }

    private ulong[] BlocksHavingOneOf(int[][] literals)
    {
        var any = new ulong[blocks.Length];
        var one = new ulong[blocks.Length];
        foreach (var rows in literals)
        {
            Array.Fill(one, ulong.MaxValue);
            Segment.Index.Keep(rows, one);
            for (var word = 0; word < one.Length; word++)
            {
                any[word] |= one[word];
            }
        }

        return any;
    }

    private int LastUpTo(int block)
    {
        for (var word = block >> 6; word >= 0; word--)
        {
            var here = word == block >> 6 ? blocks[word] & (ulong.MaxValue >> (63 - (block & 63))) : blocks[word];
            if (here != 0)
            {
                return (word * 64) + BitOperations.Log2(here);
            }
        }

        return -1;
    }

    private int LastTextBeginningBefore(int position)
    {
        var at = TextSpans.FirstEndingAfter(texts.Span, position);
        while (at < texts.Length && texts.Span[at].Offset < position)
        {
            at++;
        }

        return at - 1;
    }
}
