namespace Refinery.FileQueue;

/// <summary>Reads whole lines from a stream with bounded memory and remembers where the last whole line ends.</summary>
internal sealed class LineReader(Stream stream)
{
    // No record is near this long: the id and the type have at most 100 characters each.
    private const int LongestLine = 256 * 1024;

    private readonly byte[] _buffer = new byte[LongestLine];
    private int _start;
    private int _end;
    private long _skipped;

    /// <summary>Bytes up to and including the last line break seen.</summary>
    public long WholeLength { get; private set; }

    /// <summary>The next line without its break, or false at the end; a last line without a break is not handed out.</summary>
    /// <param name="line">Empty when the line is too long to be a record. Valid until the next call.</param>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        do
        {
            var rest = _buffer.AsSpan(_start, _end - _start);
            var length = rest.IndexOf((byte)'\n');
            if (length >= 0)
            {
                line = _skipped == 0 ? rest[..length] : [];
                WholeLength += _skipped + length + 1;
                _start += length + 1;
                _skipped = 0;
                return true;
            }
        }
        while (Fill());

        line = [];
        return false;
    }

    private bool Fill()
    {
        var rest = _buffer.AsSpan(_start, _end - _start);
        if (rest.Length == _buffer.Length)
        {
            _skipped += rest.Length;
            rest = [];
        }

        rest.CopyTo(_buffer);
        _start = 0;
        var read = stream.Read(_buffer, rest.Length, _buffer.Length - rest.Length);
        _end = rest.Length + read;
        return read > 0;
    }
}
