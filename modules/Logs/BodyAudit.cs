using System.Security.Cryptography;
using Refinery.Kernel.Work;

namespace Refinery.Logs;

/// <summary>Reads every text that hosts share again and compares its digest with the one that logs name.</summary>
internal sealed class BodyAudit(LogStore store, LogBodies bodies) : IAudit
{
    private const int PageSize = 500;

    public async Task<string?> FindFaultAsync(CancellationToken cancellationToken)
    {
        var after = string.Empty;
        while (await store.ListNamedAsync(after, PageSize, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var sha256 in page)
            {
                if (!await IsWholeAsync(sha256, cancellationToken))
                {
                    return $"The text of a log, sha256 {sha256}, is missing or damaged in the table log_parts; bring it back from a copy of the database.";
                }
            }

            after = page[^1];
        }

        return null;
    }

    private async Task<bool> IsWholeAsync(string sha256, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        return await bodies.ReadAsync(sha256, hash.AppendData, cancellationToken) && Convert.ToHexStringLower(hash.GetHashAndReset()) == sha256;
    }
}
