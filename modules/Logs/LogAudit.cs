using System.Security.Cryptography;
using Refinery.Kernel.Work;

namespace Refinery.Logs;

/// <summary>Reads every stored text again and compares its digest with the one it was stored under.</summary>
internal sealed class LogAudit(LogStore store, LogArchive archive) : IAudit
{
    private const int PageSize = 500;

    public async Task<string?> FindFaultAsync(CancellationToken cancellationToken)
    {
        var after = string.Empty;
        while (await store.ListTextsAsync(after, PageSize, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var text in page)
            {
                if (Fault(text) is { } fault)
                {
                    return $"The text of a log, sha256 {text.Sha256}, {fault} in segment {text.Segment} of the folder logs; bring the segment back from a copy.";
                }
            }

            after = page[^1].Sha256;
        }

        return null;
    }

    private string? Fault(LogTextRow text)
    {
        if (archive.Find((int)text.Segment) is not { } segment)
        {
            return "is missing with its file";
        }

        try
        {
            using var stream = new TextStream(segment, text.Place);
            return Convert.ToHexStringLower(SHA256.HashData(stream)) == text.Sha256 ? null : "is damaged";
        }
        catch (EndOfStreamException)
        {
            return "is cut off";
        }
    }
}
