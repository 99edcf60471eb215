using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Logs;

/// <summary>The logs that other hosts are writing now, as far as they have shown them.</summary>
internal sealed class LiveElsewhere
{
    private readonly Lock gate = new();
    private readonly List<LiveWatch> watches = [];
    private readonly LiveLogStore store;

    public LiveElsewhere(Database database, LiveLogStore store)
    {
        this.store = store;
        database.Notices.Hear(LiveLogStore.Topic, heard => Wake(heard?.Words.GetString()));
    }

    /// <summary>Whether it is known to be written now.</summary>
    public async Task<bool> HasAsync(string logId, CancellationToken cancellationToken) => await store.LengthAsync(logId, cancellationToken) is not null;

    /// <inheritdoc cref="LiveLogStore.FindNewestAsync"/>
    public Task<string?> FindNewestAsync(LogTarget target, CancellationToken cancellationToken) => store.FindNewestAsync(target, cancellationToken);

    /// <summary>Watches a log until disposed.</summary>
    public LiveWatch Watch(string logId)
    {
        var watch = new LiveWatch(logId, Remove);
        lock (gate)
        {
            watches.Add(watch);
        }

        return watch;
    }

    /// <summary>Bytes of a log from a position on; empty when there are no more yet or the database is away, null when it is not written any more.</summary>
    public async Task<byte[]?> ReadAsync(string logId, long position, CancellationToken cancellationToken)
    {
        try
        {
            var pieces = await store.ListFromAsync(logId, position, cancellationToken);
            var bytes = Expand(pieces, position);
            return bytes.Length > 0 || await HasAsync(logId, cancellationToken) ? bytes : null;
        }
        catch (DatabaseUnavailableException)
        {
            return [];
        }
    }

    /// <summary>The end of the log that a step's attempt writes, or of one of its version of which nobody says whose it is; null when there is none.</summary>
    public async Task<string?> TailAsync(LogTarget target, string? stepId, int maxBytes, CancellationToken cancellationToken)
    {
        if (await store.FindOfStepAsync(target, stepId, cancellationToken) is not { } logId)
        {
            return null;
        }

        var (from, length) = (long.MaxValue, 0L);
        var pieces = new List<LivePieceRow>();
        while (length <= maxBytes && await store.ListBeforeAsync(logId, from, cancellationToken) is { Count: > 0 } page)
        {
            length += from == long.MaxValue ? page[0].Position - page[^1].Position : from - page[^1].Position;
            from = page[^1].Position;
            pieces.AddRange(page);
        }

        pieces.Reverse();
        var bytes = pieces.Count == 0 ? [] : Expand(pieces, pieces[0].Position);
        return LastLines.WholeLines(bytes.AsSpan(Math.Max(0, bytes.Length - maxBytes - 1)), maxBytes);
    }

    /// <summary>The text of pieces that follow on each other, from a position within the first on.</summary>
    private static byte[] Expand(IReadOnlyList<LivePieceRow> pieces, long position)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[LiveSending.PieceSize];
        foreach (var piece in pieces)
        {
            // A text that was sent anew is cut in other places.
            var skipped = position + bytes.Length - piece.Position;
            if (LogBytes.Expand(piece.Bytes, buffer) is not { } length || skipped < 0 || skipped > length)
            {
                break;
            }

            bytes.Write(buffer.AsSpan((int)skipped, length - (int)skipped));
        }

        return bytes.ToArray();
    }

    /// <param name="logId">Null when any may have changed.</param>
    private void Wake(string? logId)
    {
        lock (gate)
        {
            foreach (var watch in watches.Where(watch => logId is null || watch.LogId == logId))
            {
                watch.Changed.Pulse();
            }
        }
    }

    private void Remove(LiveWatch watch)
    {
        lock (gate)
        {
            watches.Remove(watch);
        }
    }
}

/// <summary>Somebody who waits for more of a log that is written elsewhere.</summary>
internal sealed class LiveWatch(string logId, Action<LiveWatch> end) : IDisposable
{
    public string LogId => logId;

    /// <summary>Pulsed when there may be more.</summary>
    public AsyncSignal Changed { get; } = new();

    public void Dispose() => end(this);
}
