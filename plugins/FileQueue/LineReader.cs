namespace Refinery.FileQueue;

/// <summary>Reads whole lines from a stream with bounded memory and remembers where the last whole line ends.</summary>
internal sealed class LineReader(Stream stream)
{
    // No record is near this long: the id and the type have at most 100 characters each.
    private const int LongestLine = 256 * 1024;

    private readonly byte[] buffer = new byte[LongestLine];
    private int start;
    private int end;
    private long skipped;

    /// <summary>Bytes up to and including the last line break seen.</summary>
    public long WholeLength { get; private set; }

    /// <summary>The next line without its break, or false at the end; a last line without a break is not handed out.</summary>
    /// <param name="line">Empty when the line is too long to be a record. Valid until the next call.</param>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        do
        {
            var rest = buffer.AsSpan(start, end - start);
            var length = rest.IndexOf((byte)'\n');
            if (length >= 0)
            {
                line = skipped == 0 ? rest[..length] : [];
                WholeLength += skipped + length + 1;
                start += length + 1;
                skipped = 0;
                return true;
            }
        }
        while (Fill());

        line = [];
        return false;
    }

    private bool Fill()
    {
        var rest = buffer.AsSpan(start, end - start);
        if (rest.Length == buffer.Length)
        {
            skipped += rest.Length;
            rest = [];
        }

        rest.CopyTo(buffer);
        start = 0;
        var read = stream.Read(buffer, rest.Length, buffer.Length - rest.Length);
        end = rest.Length + read;
        return read > 0;
    }
}
