using System.Numerics;

namespace Refinery.Logs;

/// <summary>The index of the segment being written: one signature of 8 KiB for each 64 KiB block, block after block in memory.</summary>
/// <remarks>One thread adds while others look up: bits are only ever set, so a reader sees at worst a candidate too many.</remarks>
internal sealed class BlockSignatures : IBlockIndex
{
    public const int BlockSize = 64 << 10;

    /// <summary>A block's signature also covers so many bytes of the next block: a literal that crosses the border is found in its first block.</summary>
    public const int Overlap = 256;

    private const int Words = Trigrams.Rows / 64;

    private Block[] blocks = [];

    public int Blocks => Volatile.Read(ref blocks).Length;

    /// <summary>Covers a piece of a text. Pieces come in order and overlap by two bytes, so that each trigram comes once.</summary>
    /// <param name="text">The text's first byte in the segment.</param>
    /// <param name="from">The piece's first byte in the segment.</param>
    /// <param name="bytes">The piece; the trigrams that start in all but its last two bytes are added.</param>
    public void Cover(int text, int from, ReadOnlySpan<byte> bytes)
    {
        var end = from + bytes.Length;
        Grow(((end - 1) / BlockSize) + 1);
        for (var at = from; at < end;)
        {
            var block = at / BlockSize;
            var start = block * BlockSize;
            var next = Math.Min(end, start + BlockSize);
            Trigrams.Add(blocks[block].Signature, bytes[(at - from)..Math.Min(bytes.Length, next + 2 - from)]);
            if (start > text && at < start + Overlap)
            {
                var overlapEnd = Math.Min(end, start + Overlap + 2);
                Trigrams.Add(blocks[block - 1].Signature, bytes[(at - from)..(overlapEnd - from)]);
            }

            at = next;
        }
    }

    /// <summary>Counts line breaks; unlike trigrams they are counted once the text is known to be kept.</summary>
    public void AddLineBreaks(int block, int count) => blocks[block].LineBreaks += count;

    public int LineBreaks(int block) => blocks[block].LineBreaks;

    public ReadOnlySpan<ulong> Signature(int block) => blocks[block].Signature;

    public void Keep(ReadOnlySpan<int> rows, Span<ulong> candidates)
    {
        var all = Volatile.Read(ref blocks);
        for (var word = 0; word < candidates.Length; word++)
        {
            for (var left = candidates[word]; left != 0; left &= left - 1)
            {
                var block = (word * 64) + BitOperations.TrailingZeroCount(left);
                if (block >= all.Length || !all[block].Has(rows))
                {
                    candidates[word] &= ~(1UL << block);
                }
            }
        }
    }

    private void Grow(int count)
    {
        if (count > blocks.Length)
        {
            var grown = new Block[count];
            blocks.CopyTo(grown, 0);
            for (var block = blocks.Length; block < count; block++)
            {
                grown[block] = new Block();
            }

            Volatile.Write(ref blocks, grown);
        }
    }

    /// <summary>One block of text: the hashed trigrams it holds and how many lines it ends.</summary>
    private sealed class Block
    {
        public readonly ulong[] Signature = new ulong[Words];
        public int LineBreaks;

        public bool Has(ReadOnlySpan<int> rows)
        {
            foreach (var row in rows)
            {
                if ((Signature[row >> 6] >> (row & 63) & 1) == 0)
                {
                    return false;
                }
            }

            return true;
        }
    }
}
