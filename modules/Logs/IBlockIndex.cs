namespace Refinery.Logs;

/// <summary>Tells which blocks of a segment may hold a literal. Never misses one; names some in vain.</summary>
internal interface IBlockIndex
{
    int Blocks { get; }

    /// <summary>Keeps in <paramref name="candidates"/> (one bit a block) only the blocks that have all the rows.</summary>
    void Keep(ReadOnlySpan<int> rows, Span<ulong> candidates);

    /// <summary>How many line breaks the texts have within the block.</summary>
    int LineBreaks(int block);
}
