using System.IO.MemoryMappedFiles;
using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Refinery.Logs;

/// <summary>The index of a sealed segment: a file with one row of bits a trigram, one bit a block, so that a look-up reads a few rows and no more.</summary>
internal sealed class SlicedIndex : IBlockIndex, IDisposable
{
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private readonly int[] lineBreaks;
    private readonly long rowsAt;

    private SlicedIndex(MemoryMappedFile file, SlicedIndexHeader header, int[] lineBreaks)
    {
        this.file = file;
        this.lineBreaks = lineBreaks;
        rowsAt = header.RowsAt;
        view = file.CreateViewAccessor(offset: 0, header.FileLength, MemoryMappedFileAccess.Read);
    }

    public int Blocks => lineBreaks.Length;

    public int LineBreaks(int block) => lineBreaks[block];

    public void Keep(ReadOnlySpan<int> rows, Span<ulong> candidates)
    {
        Span<ulong> row = stackalloc ulong[candidates.Length];
        foreach (var number in rows)
        {
            view.SafeMemoryMappedViewHandle.ReadSpan((ulong)(rowsAt + ((long)number * row.Length * sizeof(ulong))), row);
            var any = 0UL;
            for (var word = 0; word < row.Length; word++)
            {
                any |= candidates[word] &= row[word];
            }

            if (any == 0)
            {
                return;
            }
        }
    }

    public void Dispose()
    {
        view.Dispose();
        file.Dispose();
    }

    /// <summary>Writes the index of a finished segment; the file appears whole or not at all.</summary>
    public static void Write(string path, int segmentLength, BlockSignatures signatures, ReadOnlySpan<TextSpan> texts)
    {
        var header = new SlicedIndexHeader(segmentLength, texts.Length, signatures.Blocks);
        var temporary = path + ".tmp";
        using (var handle = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write, preallocationSize: header.FileLength))
        {
            RandomAccess.Write(handle, MemoryMarshal.AsBytes(header.ToNumbers().AsSpan()), fileOffset: 0);
            RandomAccess.Write(handle, MemoryMarshal.AsBytes(texts), SlicedIndexHeader.TextsAt);
            RandomAccess.Write(handle, MemoryMarshal.AsBytes(LineBreaksOf(signatures).AsSpan()), header.LineBreaksAt);
            WriteRows(handle, header, signatures);
            RandomAccess.FlushToDisk(handle);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Opens the index; null when there is none or it does not belong to a segment of this length.</summary>
    public static SlicedIndex? Open(string path, int segmentLength, TextSpans texts)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using var handle = File.OpenHandle(path);
        if (SlicedIndexHeader.Read(handle) is not { } header || header.SegmentLength != segmentLength)
        {
            return null;
        }

        var spans = new TextSpan[header.Texts];
        var breaks = new int[header.Blocks];
        handle.ReadWhole(SlicedIndexHeader.TextsAt, MemoryMarshal.AsBytes(spans.AsSpan()));
        handle.ReadWhole(header.LineBreaksAt, MemoryMarshal.AsBytes(breaks.AsSpan()));
        texts.Add(spans);
        var mapped = MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, capacity: 0, MemoryMappedFileAccess.Read);
        return new SlicedIndex(mapped, header, breaks);
    }

    private static int[] LineBreaksOf(BlockSignatures signatures) =>
        [.. Enumerable.Range(0, signatures.Blocks).Select(signatures.LineBreaks)];

    // Turned 4,096 rows at a time: 512 KiB stay in the cache where the whole 8 MiB would not.
    private static void WriteRows(SafeFileHandle handle, SlicedIndexHeader header, BlockSignatures signatures)
    {
        const int RowsAtOnce = 4096;
        var words = header.RowWords;
        var rows = new ulong[RowsAtOnce * words];
        for (var first = 0; first < Trigrams.Rows; first += RowsAtOnce)
        {
            Array.Clear(rows);
            for (var block = 0; block < header.Blocks; block++)
            {
                Turn(signatures.Signature(block).Slice(first / 64, RowsAtOnce / 64), rows, words, block);
            }

            RandomAccess.Write(handle, MemoryMarshal.AsBytes(rows.AsSpan()), header.RowsAt + ((long)first * words * sizeof(ulong)));
        }
    }

    private static void Turn(ReadOnlySpan<ulong> signature, Span<ulong> rows, int words, int block)
    {
        var bit = 1UL << (block & 63);
        for (var word = 0; word < signature.Length; word++)
        {
            for (var left = signature[word]; left != 0; left &= left - 1)
            {
                var row = (word * 64) + BitOperations.TrailingZeroCount(left);
                rows[(row * words) + (block >> 6)] |= bit;
            }
        }
    }
}
