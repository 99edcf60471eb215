using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Refinery.Kernel.Web;

namespace Refinery.Logs;

/// <summary>Reads the body of <c>POST /api/logs</c> as it arrives, its content straight into a draft.</summary>
internal static class LogBodyReader
{
    /// <summary>Bytes a body, and the text of a log, may have.</summary>
    public const int MaxContent = 64 << 20;

    /// <summary>Leaves the limit to the readers of this module.</summary>
    /// <remarks>A client that passes the server's own limit is cut off in the middle of its sending and never sees the answer.</remarks>
    public static void TakeOver(HttpRequest request)
    {
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = 16L * MaxContent;
        }
    }

    /// <exception cref="BodyException">The body is no such JSON, or the content is too long (status 413).</exception>
    public static async Task<NewLogBody> ReadAsync(PipeReader body, LogDraft draft, CancellationToken cancellationToken)
    {
        var scanner = new LogContentScanner(draft);
        var received = 0L;
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            try
            {
                received += read.Buffer.Length;
                Take(read.Buffer, received, scanner);
            }
            finally
            {
                // Also on a fault: the server reads the rest away, so that the client sees the answer.
                body.AdvanceTo(read.Buffer.End);
            }

            if (read.IsCompleted)
            {
                return Finish(scanner, draft);
            }
        }
    }

    public static BodyException TooLarge() =>
        new($"The log is larger than the limit of {MaxContent} bytes; nothing was stored.") { Status = StatusCodes.Status413PayloadTooLarge };

    /// <summary>What stood beside the content, checked; an odd content that the scanner passed over is added.</summary>
    public static NewLogBody Finish(LogContentScanner scanner, LogDraft draft)
    {
        if (draft.Length > MaxContent)
        {
            throw TooLarge();
        }

        var parsed = BodyReader.Parse<NewLogBody>(scanner.Rest.ToArray());
        if (parsed.Fault() is { } fault)
        {
            throw new BodyException(fault);
        }

        // A key written with escapes is content all the same; the scanner does not know it.
        draft.Append(System.Text.Encoding.UTF8.GetBytes(parsed.Content));
        return parsed;
    }

    private static void Take(ReadOnlySequence<byte> bytes, long received, LogContentScanner scanner)
    {
        if (received > MaxContent)
        {
            throw TooLarge();
        }

        foreach (var piece in bytes)
        {
            scanner.Add(piece.Span);
        }
    }
}
