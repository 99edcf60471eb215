using Refinery.Kernel.Work;

namespace Refinery.Artifacts;

/// <summary>Reads every stored artifact and compares its digest with its name; sets nothing aside.</summary>
internal sealed class ArtifactAudit(IArtifactPlace place) : IAudit
{
    public async Task<string?> FindFaultAsync(CancellationToken cancellationToken)
    {
        await foreach (var file in place.ListAsync(cancellationToken))
        {
            if (await FaultAsync(file, cancellationToken) is { } fault)
            {
                return $"The artifact with the sha256 {file.Digest} {fault}; store it again from a copy.";
            }
        }

        return null;
    }

    private async Task<string?> FaultAsync(PlacedFile file, CancellationToken cancellationToken)
    {
        try
        {
            await using var content = (await place.OpenAsync(file.Digest, cancellationToken))?.Content;

            // What another host's collection took meanwhile is no fault.
            return content is null || await Digest.OfAsync(content, cancellationToken) == file.Digest
                ? null
                : $"is damaged: its {file.Length} bytes have another digest";
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return "cannot be read";
        }
    }
}
