using Refinery.Kernel.Web;

namespace Refinery.Logs;

/// <summary>How far a log that is being written was shown to other hosts.</summary>
internal sealed class LiveSending(LiveLog log) : IDisposable
{
    /// <summary>Bytes of a piece at most.</summary>
    public const int PieceSize = 64 << 10;

    private const int PiecesAtOnce = 8;

    private readonly byte[] buffer = new byte[PieceSize];
    private FileStream? text;
    private long start;

    public LiveLog Log => log;

    /// <summary>Bytes that were sent.</summary>
    public long Sent { get; set; }

    public LiveLogRow Row(string host, DateTimeOffset now) =>
        new(log.Log.LogId, host, PackageName.Normalize(log.Log.Name), log.Log.Version, log.Log.Attempt, log.Log.StepId, now);

    /// <summary>The next pieces; null when there is no more, or the file is gone because the log was stored.</summary>
    public LiveText? Read()
    {
        var end = Math.Min(log.Length, Sent + (PiecesAtOnce * PieceSize));
        if (end == Sent || !Open() || text is null)
        {
            return null;
        }

        var pieces = new List<LivePieceRow>();
        for (var at = Sent; at < end;)
        {
            var piece = buffer.AsSpan(0, (int)Math.Min(PieceSize, end - at));
            text.Position = start + at;
            text.ReadExactly(piece);
            pieces.Add(new LivePieceRow { Position = at, Bytes = LogBytes.Compress(piece) });
            at += piece.Length;
        }

        return new LiveText(Sent, end, pieces);
    }

    public void Dispose() => text?.Dispose();

    private bool Open()
    {
        if (text is null && log.OpenText() is { } opened)
        {
            (text, start) = (opened, opened.Position);
        }

        return text is not null;
    }
}
