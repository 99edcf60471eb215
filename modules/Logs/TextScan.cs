using System.Buffers;

namespace Refinery.Logs;

/// <summary>Scans blocks of one text, in rising order, and gathers the matching lines.</summary>
internal sealed class TextScan(LogSegment segment, TextSpan text, ILinePattern pattern)
{
    /// <summary>Of a longer line only so many bytes on either side of the place in question are looked at.</summary>
    public const int Reach = 8 << 10;

    private readonly List<NumberedMatch> lines = [];
    private readonly IReadOnlyList<byte[]> sought = pattern.Required.Count == 0 ? [] : pattern.Required[0];
    private readonly LineCounter counter = new(segment, text);

    public IReadOnlyList<NumberedMatch> Lines => lines;

    /// <summary>Looks for lines with a hit that begins in the block. False when there are enough lines.</summary>
    public bool Add(int block, int maxLines)
    {
        var from = Math.Max(text.Offset, block * BlockSignatures.BlockSize);
        var to = Math.Min(text.End, (block + 1) * BlockSignatures.BlockSize);
        var first = Math.Max(text.Offset, from - Reach);
        var length = Math.Min(text.End, to + Reach) - first;
        var rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            segment.Read(first, rented.AsSpan(0, length));
            ScanLines(new Window(rented.AsSpan(0, length), first), from - first, to - first, maxLines);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return lines.Count < maxLines;
    }

    private void ScanLines(Window window, int from, int to, int maxLines)
    {
        var finder = new LiteralFinder(window.Bytes, sought, stackalloc int[sought.Count]);
        var isWholeLines = sought.Count == 0;
        var at = isWholeLines ? window.LineStart(from) : from;
        while (at < to && lines.Count < maxLines)
        {
            var hit = isWholeLines ? at : finder.FindFrom(at);
            if (hit < 0 || hit >= to)
            {
                return;
            }

            var (start, end) = window.LineAround(hit);
            if (pattern.Match(window.Bytes[start..end], hit - start) is { } match)
            {
                Add(window.First + hit, match);
            }

            at = end + 1;
        }
    }

    // A line longer than the reach comes again with its next hit; it is one line all the same.
    private void Add(int position, LineMatch match)
    {
        var line = counter.LineAt(position);
        if (lines.Count == 0 || lines[^1].Line != line)
        {
            lines.Add(new NumberedMatch(line, match));
        }
    }

    /// <summary>A part of the text in memory.</summary>
    private readonly ref struct Window(ReadOnlySpan<byte> bytes, int first)
    {
        public ReadOnlySpan<byte> Bytes { get; } = bytes;

        public int First => first;

        /// <summary>Where to begin with the lines from this position on; a line from before it that fits the reach was looked at already.</summary>
        public int LineStart(int position)
        {
            var start = Bytes[..position].LastIndexOf((byte)'\n') + 1;
            var length = Bytes[start..].IndexOf((byte)'\n');
            return start < position && length is >= 0 and <= Reach ? start + length + 1 : position;
        }

        public (int Start, int End) LineAround(int hit)
        {
            var reach = Math.Max(0, hit - Reach);
            var start = reach + Bytes[reach..hit].LastIndexOf((byte)'\n') + 1;
            while (start < hit && IsInsideCharacter(Bytes[start]))
            {
                start++;
            }

            var rest = Bytes[hit..Math.Min(Bytes.Length, hit + Reach)];
            var end = rest.IndexOf((byte)'\n');
            return (start, hit + (end < 0 ? rest.Length : end));
        }

        private static bool IsInsideCharacter(byte one) => (one & 0xC0) == 0x80;
    }
}
