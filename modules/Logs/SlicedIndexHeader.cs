using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Refinery.Logs;

/// <summary>The first 64 bytes of an index file, and where its parts lie: texts, line breaks a block, rows.</summary>
internal sealed record SlicedIndexHeader(int SegmentLength, int Texts, int Blocks)
{
    public const int TextsAt = 64;

    private const int Mark = 0x31584C52; // "RLX1"

    public int RowWords => (Blocks + 63) / 64;

    public long LineBreaksAt => TextsAt + (8L * Texts);

    public long RowsAt => (LineBreaksAt + (4L * Blocks) + 63) / 64 * 64;

    public long FileLength => RowsAt + ((long)Trigrams.Rows * RowWords * sizeof(ulong));

    public int[] ToNumbers() => [Mark, BlockSignatures.BlockSize, Trigrams.Rows, SegmentLength, Texts, Blocks];

    /// <summary>The header, or null when the file was written with other sizes, or is not of the length it tells.</summary>
    public static SlicedIndexHeader? Read(SafeFileHandle handle)
    {
        var numbers = new int[6];
        var read = RandomAccess.Read(handle, MemoryMarshal.AsBytes(numbers.AsSpan()), fileOffset: 0);
        var header = new SlicedIndexHeader(numbers[3], numbers[4], numbers[5]);
        var isOurs = read == numbers.Length * sizeof(int)
            && numbers.AsSpan(0, 3).SequenceEqual(header.ToNumbers().AsSpan(0, 3))
            && header.FileLength == RandomAccess.GetLength(handle);
        return isOurs ? header : null;
    }
}
