using System.Buffers;

namespace Refinery.Logs;

/// <summary>Finds the line number of rising positions in a text; whole blocks in between are not read, their line breaks are known.</summary>
internal sealed class LineCounter(LogSegment segment, TextSpan text)
{
    private int position = text.Offset;
    private int line = 1;

    public int LineAt(int wanted)
    {
        while (position < wanted)
        {
            var block = position / BlockSignatures.BlockSize;
            var start = block * BlockSignatures.BlockSize;
            var end = start + BlockSignatures.BlockSize;
            var to = Math.Min(wanted, end);
            line += position == start && to == end ? segment.Index.LineBreaks(block) : Count(position, to);
            position = to;
        }

        return line;
    }

    private int Count(int from, int to)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(to - from);
        segment.Read(from, buffer.AsSpan(0, to - from));
        var count = buffer.AsSpan(0, to - from).Count((byte)'\n');
        ArrayPool<byte>.Shared.Return(buffer);
        return count;
    }
}
