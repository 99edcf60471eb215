using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Logs;

/// <summary>Reads every stored text again and compares its digest with the one it was stored under; opens nothing for writing.</summary>
internal sealed class LogAudit(LogStore store, IDataDirectory data) : IAudit
{
    private const int PageSize = 500;
    private const int BlockSize = 128 << 10;

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
        var paths = new SegmentPaths(Path.Combine(data.Path, "logs"), (int)text.Segment);
        if (!File.Exists(paths.Segment))
        {
            return "is missing with its file";
        }

        try
        {
            using var segment = File.OpenHandle(paths.Segment);
            return Digest(segment, text.Place) == text.Sha256 ? null : "is damaged";
        }
        catch (EndOfStreamException)
        {
            return "is cut off";
        }
    }

    private static string Digest(SafeFileHandle segment, TextPlace place)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[BlockSize];
        for (var position = place.Offset; position < place.End; position += BlockSize)
        {
            var part = block.AsSpan(0, Math.Min(BlockSize, place.End - position));
            segment.ReadWhole(position, part);
            hash.AppendData(part);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
