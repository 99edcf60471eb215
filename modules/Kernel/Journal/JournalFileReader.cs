using System.Text;

namespace Refinery.Kernel.Journal;

/// <summary>Reads the journal on disk and checks its chain on the way.</summary>
internal sealed class JournalFileReader(string path)
{
    private const int FirstWindow = 16 << 20;
    private const int BlockSize = 1 << 20;
    private const int LongestLine = 256 << 20;

    /// <summary>How much of the file ends in a line feed; what follows was torn off by a crash.</summary>
    public long WholeLength()
    {
        using var file = Open(0);
        var block = new byte[64 << 10];
        for (var end = file.Length; end > 0; end -= block.Length)
        {
            var start = Math.Max(0, end - block.Length);
            var part = block.AsSpan(0, (int)(end - start));
            file.Position = start;
            file.ReadExactly(part);
            if (part.LastIndexOf((byte)'\n') is var last and >= 0)
            {
                return start + last + 1;
            }
        }

        return 0;
    }

    /// <summary>The last link of a file without a torn end; checks the chain of the last megabytes, so that a start stays quick however long the file is.</summary>
    /// <exception cref="JournalFileException">The chain is broken.</exception>
    public JournalHead Head()
    {
        var length = new FileInfo(path).Length;
        for (var window = (long)FirstWindow; ; window *= 2)
        {
            if (HeadFrom(Math.Max(0, length - window)) is { } head)
            {
                return head;
            }
        }
    }

    /// <summary>Every link of the file in order, its chain checked.</summary>
    /// <exception cref="JournalFileException">The chain is broken; raised when the bad line is reached.</exception>
    public IEnumerable<EventRow> Chain()
    {
        using var check = new ChainCheck(JournalHead.Genesis);
        foreach (var row in Chain(check))
        {
            yield return row;
        }
    }

    /// <summary>The same, followed by a check of the caller's.</summary>
    /// <exception cref="JournalFileException">As of the other.</exception>
    public IEnumerable<EventRow> Chain(ChainCheck check)
    {
        foreach (var line in Lines(0))
        {
            Follow(check, line);
            yield return JournalLine.Read(line);
        }
    }

    /// <summary>Follows the whole file.</summary>
    /// <exception cref="JournalFileException">The chain is broken.</exception>
    public void Follow(ChainCheck check) => Follow(check, start: 0);

    /// <summary>The lines from a position on, each until the next is asked for; a torn one at the end is left out.</summary>
    private IEnumerable<ReadOnlyMemory<byte>> Lines(long start)
    {
        using var file = Open(start);
        var (block, filled) = (new byte[BlockSize], 0);

        // A window opens somewhere inside a line.
        var isWhole = start == 0;
        while (file.Read(block, filled, block.Length - filled) is var read and > 0)
        {
            filled += read;
            var from = 0;
            while (block.AsSpan(from, filled - from).IndexOf((byte)'\n') is var length and >= 0)
            {
                if (isWhole)
                {
                    yield return block.AsMemory(from, length);
                }

                (isWhole, from) = (true, from + length + 1);
            }

            block.AsSpan(from, filled - from).CopyTo(block);
            filled -= from;
            if (filled >= LongestLine)
            {
                throw new JournalFileException($"The journal file '{path}' holds a line of more than {LongestLine} bytes, which is no event.");
            }

            if (filled == block.Length)
            {
                Array.Resize(ref block, 2 * block.Length);
            }
        }
    }

    /// <summary>The last link of what begins at a position; null when no line does.</summary>
    private JournalHead? HeadFrom(long start)
    {
        var before = start == 0 ? JournalHead.Genesis : Lines(start).Select(Before).FirstOrDefault();
        if (before is null)
        {
            return null;
        }

        using var check = new ChainCheck(before);
        Follow(check, start);
        return check.Head;
    }

    private void Follow(ChainCheck check, long start)
    {
        foreach (var line in Lines(start))
        {
            Follow(check, line);
        }
    }

    private void Follow(ChainCheck check, ReadOnlyMemory<byte> line)
    {
        var fault = JournalLine.TryRead(line.Span, out var link)
            ? check.Follow(link, check.CountsLines ? MerkleHash.Leaf(line.Span) : null)
            : $"it is no event: {Quote(line)}";
        if (fault is not null)
        {
            throw new JournalFileException($"The journal file '{path}' is broken at line {check.Head.Sequence + 1}: {fault}.");
        }
    }

    /// <summary>Where the chain stood before the first line of a window; taken at its word.</summary>
    private JournalHead Before(ReadOnlyMemory<byte> line) => JournalLine.TryRead(line.Span, out var link) && JournalLine.PrevHash(link) is null or { Length: 64 }
        ? new JournalHead(link.Sequence - 1, JournalLine.PrevHash(link))
        : throw new JournalFileException($"The journal file '{path}' holds a line that is no event: {Quote(line)}.");

    private static string Quote(ReadOnlyMemory<byte> line) => Web.Errors.Quote(Encoding.Latin1.GetString(line.Span));

    private FileStream Open(long position) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0) { Position = position };
}
