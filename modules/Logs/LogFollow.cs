using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Refinery.Kernel.Web;

namespace Refinery.Logs;

/// <summary>Sends a log line by line, each with an id from which a reader can go on: <c>event: line</c>, at last <c>event: end</c>.</summary>
/// <remarks>The lines are read from the log's file at the reader's pace; nothing waits in memory for a slow one.</remarks>
internal sealed class LogFollow(PipeWriter output, LogPosition position, TimeProvider clock)
{
    private const int PieceSize = 32 << 10;

    // An idle connection is found dead, and kept alive by what lies between, at this pace.
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(15);

    // What another host shows is told by notices; this is what is counted on.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    private readonly LineSplitter lines = new(position.Line);

    /// <summary>Sends a stored log to its end.</summary>
    /// <param name="sent">Bytes of it that were sent while it was written.</param>
    public async Task SendAsync(Stream text, long sent, CancellationToken cancellationToken)
    {
        text.Seek(sent, SeekOrigin.Begin);
        await CopyAsync(text, text.Length - sent, cancellationToken);
        await EndAsync(cancellationToken);
    }

    /// <summary>Sends a log while it is written. False when its file is gone before it was opened: it is stored by now.</summary>
    public async Task<bool> SendAsync(LiveLog live, CancellationToken cancellationToken)
    {
        await output.FlushAsync(cancellationToken);
        FileStream? text = null;
        try
        {
            var sent = 0;
            while (true)
            {
                var changed = live.Changed.Next;
                var isEnded = live.IsEnded;
                var length = live.Length;
                if (length > sent && (text ??= live.OpenText()) is null)
                {
                    return false;
                }

                if (text is not null && length > sent)
                {
                    await CopyAsync(text, length - sent, cancellationToken);
                    sent = length;
                }
                else if (isEnded)
                {
                    await EndAsync(cancellationToken);
                    return true;
                }
                else
                {
                    await WaitAsync(changed, Beat, cancellationToken);
                }
            }
        }
        finally
        {
            await (text?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    /// <summary>Sends a log that another host writes for as long as that shows it.</summary>
    /// <returns>The bytes sent; the rest is in the stored log, if there is one.</returns>
    public async Task<long> SendAsync(LiveElsewhere elsewhere, CancellationToken cancellationToken)
    {
        await output.FlushAsync(cancellationToken);
        using var watch = elsewhere.Watch(position.LogId);
        var sent = 0L;
        while (true)
        {
            var changed = watch.Changed.Next;
            if (await elsewhere.ReadAsync(position.LogId, sent, cancellationToken) is not { } bytes)
            {
                return sent;
            }

            if (bytes.Length == 0)
            {
                await WaitAsync(changed, Look, cancellationToken);
                continue;
            }

            using var text = new MemoryStream(bytes);
            await CopyAsync(text, bytes.Length, cancellationToken);
            sent += bytes.Length;
        }
    }

    private async Task WaitAsync(Task changed, TimeSpan longest, CancellationToken cancellationToken)
    {
        try
        {
            await changed.WaitAsync(longest, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            EventStream.Write(output, ": the log goes on\n\n");
            await output.FlushAsync(cancellationToken);
        }
    }

    private async Task CopyAsync(Stream text, long count, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            while (count > 0)
            {
                var read = await text.ReadAsync(buffer.AsMemory(0, (int)Math.Min(count, PieceSize)), cancellationToken);
                if (read == 0)
                {
                    throw new EndOfStreamException($"The file of log {position.LogId} is shorter than what was written to it.");
                }

                lines.Add(buffer.AsSpan(0, read), Send);
                count -= read;
                await output.FlushAsync(cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        lines.End(Send);
        EventStream.Write(output, $"id: {position.LogId}:{lines.Lines}\nevent: end\ndata: {{\"log_id\":\"{position.LogId}\",\"lines\":{lines.Lines}}}\n\n");
        await output.FlushAsync(cancellationToken);
    }

    private void Send(int number, ReadOnlySpan<byte> line)
    {
        EventStream.Write(output, $"id: {position.LogId}:{number}\nevent: line\ndata: ");
        output.Write(JsonSerializer.SerializeToUtf8Bytes(new FollowedLine(number, Encoding.UTF8.GetString(line).TrimEnd('\r')), RefineryJson.Options));
        EventStream.Write(output, "\n\n");
    }
}

/// <summary>Where a reader of a followed log stands: which log, and the last line it has seen.</summary>
internal sealed record LogPosition(string LogId, int Line)
{
    /// <summary>Reads the Last-Event-ID a reader sends; null when it has none, or one that is not ours.</summary>
    public static LogPosition? Read(HttpRequest request)
    {
        var id = request.Headers["Last-Event-ID"].ToString();
        var colon = id.LastIndexOf(':');
        return colon > 0 && int.TryParse(id.AsSpan(colon + 1), out var line) && line >= 0 ? new LogPosition(id[..colon], line) : null;
    }
}
