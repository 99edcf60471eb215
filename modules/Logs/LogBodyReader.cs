using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Refinery.Kernel.Web;

namespace Refinery.Logs;

/// <summary>Reads the body of <c>POST /api/logs</c> as it arrives, its content straight into a draft.</summary>
internal static class LogBodyReader
{
    /// <summary>Bytes of text a log may have.</summary>
    public const int MaxContent = 64 << 20;

    /// <exception cref="BodyException">The body is no such JSON, or the content is too long (status 413).</exception>
    public static async Task<NewLogBody> ReadAsync(PipeReader body, LogDraft draft, CancellationToken cancellationToken)
    {
        var scanner = new LogContentScanner(draft);
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            foreach (var piece in read.Buffer)
            {
                scanner.Add(piece.Span);
                CheckLength(draft);
            }

            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return Finish(scanner, draft);
            }
        }
    }

    /// <exception cref="BodyException">The draft is longer than a log may be.</exception>
    private static void CheckLength(LogDraft draft)
    {
        if (draft.Length > MaxContent)
        {
            throw TooLarge();
        }
    }

    public static BodyException TooLarge() =>
        new($"The content is larger than the limit of {MaxContent} bytes; nothing was stored.") { Status = StatusCodes.Status413PayloadTooLarge };

    /// <summary>What stood beside the content, checked; an odd content that the scanner passed over is added.</summary>
    public static NewLogBody Finish(LogContentScanner scanner, LogDraft draft)
    {
        var parsed = BodyReader.Parse<NewLogBody>(scanner.Rest);
        if (parsed.Fault() is { } fault)
        {
            throw new BodyException(fault);
        }

        // A key written with escapes is content all the same; the scanner does not know it.
        draft.Append(System.Text.Encoding.UTF8.GetBytes(parsed.Content));
        return parsed;
    }
}
