namespace Refinery.Logs;

/// <summary>Cuts a text that comes in pieces into its lines; of a very long line only the beginning is handed on.</summary>
/// <param name="after">Lines up to this number are passed over.</param>
internal sealed class LineSplitter(int after)
{
    /// <summary>Bytes of a line that are handed on.</summary>
    public const int MaxLine = 16 << 10;

    private readonly byte[] begun = new byte[MaxLine];
    private int begunLength;
    private bool isBegun;

    /// <summary>Takes a line without its break.</summary>
    public delegate void Take(int number, ReadOnlySpan<byte> line);

    /// <summary>Lines so far.</summary>
    public int Lines { get; private set; }

    public void Add(ReadOnlySpan<byte> piece, Take take)
    {
        while (!piece.IsEmpty)
        {
            var end = piece.IndexOf((byte)'\n');
            if (end < 0)
            {
                Begin(piece);
                return;
            }

            if (isBegun)
            {
                Begin(piece[..end]);
                End(take);
            }
            else
            {
                Hand(piece[..Math.Min(end, MaxLine)], take);
            }

            piece = piece[(end + 1)..];
        }
    }

    /// <summary>The text is over: a last line without a break is a line.</summary>
    public void End(Take take)
    {
        if (isBegun)
        {
            Hand(begun.AsSpan(0, begunLength), take);
            begunLength = 0;
            isBegun = false;
        }
    }

    private void Begin(ReadOnlySpan<byte> part)
    {
        isBegun = true;
        part = part[..Math.Min(part.Length, MaxLine - begunLength)];
        part.CopyTo(begun.AsSpan(begunLength));
        begunLength += part.Length;
    }

    private void Hand(ReadOnlySpan<byte> line, Take take)
    {
        if (++Lines > after)
        {
            take(Lines, line);
        }
    }
}
