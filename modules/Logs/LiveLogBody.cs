using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Refinery.Kernel.Web;

namespace Refinery.Logs;

/// <summary>Writes a request's body into a live log as it comes: text as it is, or one JSON text or <c>{"line": …}</c> a line.</summary>
/// <param name="mayWrite">Asked before each piece is written.</param>
internal sealed class LiveLogBody(LiveLog log, bool isJsonLines, Func<CancellationToken, Task<bool>> mayWrite)
{
    private const int MaxLine = 1 << 20;

    private int number;

    /// <summary>Whether the content type says JSON, a line each.</summary>
    public static bool IsJsonLines(HttpRequest request) => request.ContentType?.Contains("json", StringComparison.OrdinalIgnoreCase) ?? false;

    /// <returns>False when it may be written no more.</returns>
    /// <exception cref="BodyException">A line is no such JSON, or the text is too long.</exception>
    public async Task<bool> CopyAsync(PipeReader body, CancellationToken cancellationToken)
    {
        var received = 0L;
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            if (!read.Buffer.IsEmpty && !await MayWriteAsync(body, read.Buffer, cancellationToken))
            {
                return false;
            }

            var rest = read.Buffer.Slice(read.Buffer.End);
            try
            {
                rest = isJsonLines ? TakeLines(read.Buffer, read.IsCompleted) : TakeText(read.Buffer);
            }
            finally
            {
                received += read.Buffer.Length - rest.Length;
                body.AdvanceTo(rest.Start, read.Buffer.End);
            }

            if (received > LogBodyReader.MaxContent || log.Length > LogBodyReader.MaxContent)
            {
                throw LogBodyReader.TooLarge();
            }

            if (read.IsCompleted)
            {
                return true;
            }
        }
    }

    /// <summary>Asks; what may not be written, or was not to be learnt, is left to the server to read away.</summary>
    private async Task<bool> MayWriteAsync(PipeReader body, ReadOnlySequence<byte> piece, CancellationToken cancellationToken)
    {
        var may = false;
        try
        {
            may = await mayWrite(cancellationToken);
        }
        finally
        {
            if (!may)
            {
                body.AdvanceTo(piece.End);
            }
        }

        return may;
    }

    private ReadOnlySequence<byte> TakeText(ReadOnlySequence<byte> bytes)
    {
        foreach (var piece in bytes)
        {
            log.Append(piece.Span);
        }

        return bytes.Slice(bytes.End);
    }

    private ReadOnlySequence<byte> TakeLines(ReadOnlySequence<byte> bytes, bool isLast)
    {
        while (bytes.PositionOf((byte)'\n') is { } end)
        {
            TakeLine(bytes.Slice(0, end));
            bytes = bytes.Slice(bytes.GetPosition(1, end));
        }

        if (bytes.Length > MaxLine)
        {
            throw new BodyException($"Line {number + 1} is longer than {MaxLine} bytes.");
        }

        if (isLast)
        {
            TakeLine(bytes);
            bytes = bytes.Slice(bytes.End);
        }

        return bytes;
    }

    private void TakeLine(ReadOnlySequence<byte> json)
    {
        number++;
        if (json.IsEmpty || (json.FirstSpan[0] <= (byte)' ' && IsBlank(json)))
        {
            return;
        }

        log.Append([.. System.Text.Encoding.UTF8.GetBytes(Line(json)), (byte)'\n']);
    }

    private string Line(ReadOnlySequence<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var line = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("line", out var member) ? member : root;
            return line.ValueKind == JsonValueKind.String && line.GetString() is { } text ? text : throw Fault();
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw Fault();
        }
    }

    private static bool IsBlank(ReadOnlySequence<byte> bytes) => !bytes.ToArray().AsSpan().ContainsAnyExcept(" \t\r"u8);

    private BodyException Fault() =>
        new($"Line {number} of the body is neither a JSON text nor an object with the text 'line', for example {{\"line\": \"gcc -c a.c\"}}.");
}
