using System.Text;

namespace Refinery.Kernel.Journal;

/// <summary>Reads the journal on disk and checks its chain on the way.</summary>
internal sealed class JournalFileReader(string path)
{
    private const int FirstWindow = 16 << 20;

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
        using var file = Open(0);
        for (var window = (long)FirstWindow; ; window *= 2)
        {
            var start = Math.Max(0, file.Length - window);
            JournalHead? head = start == 0 ? JournalHead.Genesis : null;
            foreach (var row in Rows(start))
            {
                head = Follow(row, head ?? Before(row));
            }

            if (head is not null)
            {
                return head;
            }
        }
    }

    /// <summary>Every link of the file in order, its chain checked.</summary>
    /// <exception cref="JournalFileException">The chain is broken; raised when the bad line is reached.</exception>
    public IEnumerable<EventRow> Chain()
    {
        var head = JournalHead.Genesis;
        foreach (var row in Rows(0))
        {
            head = Follow(row, head);
            yield return row;
        }
    }

    /// <summary>The lines from a position on; a torn one at the end is left out.</summary>
    private IEnumerable<EventRow> Rows(long start)
    {
        var isTorn = WholeLength() < new FileInfo(path).Length;
        using var lines = new StreamReader(Open(start), Encoding.Latin1, detectEncodingFromByteOrderMarks: false, bufferSize: 1 << 16);
        if (start > 0)
        {
            // The window opens somewhere inside a line.
            lines.ReadLine();
        }

        for (var number = 1; lines.ReadLine() is { } line; number++)
        {
            if (isTorn && lines.EndOfStream)
            {
                yield break;
            }

            yield return JournalLine.Read(line) ?? throw new JournalFileException(
                $"The journal file '{path}' holds a line that is no event{(start == 0 ? $", line {number}" : string.Empty)}: {Web.Errors.Quote(line)}.");
        }
    }

    private JournalHead Follow(EventRow row, JournalHead head) => EventChain.Fault(row, head) is { } fault
        ? throw new JournalFileException($"The journal file '{path}' is broken at line {head.Sequence + 1}: {fault}.")
        : new JournalHead(row.Sequence, row.Hash);

    /// <summary>Where the chain stood before the first line of a window; taken at its word.</summary>
    private static JournalHead Before(EventRow row) => new(row.Sequence - 1, JournalLine.PrevHash(row));

    private FileStream Open(long position) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1 << 16) { Position = position };
}
