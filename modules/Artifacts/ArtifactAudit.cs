using Refinery.Kernel.Work;

namespace Refinery.Artifacts;

/// <summary>Reads every stored artifact and compares its digest with its name; sets nothing aside.</summary>
internal sealed class ArtifactAudit(IArtifactPlace place) : IAudit
{
    public async Task<string?> FindFaultAsync(CancellationToken cancellationToken)
    {
        await foreach (var file in place.ListAsync(cancellationToken))
        {
            // What a collection took meanwhile is no fault.
            if (await place.OpenAsync(file.Digest, cancellationToken) is { Content: var content } && !await HasDigestAsync(content, file.Digest, cancellationToken))
            {
                return $"The artifact with the sha256 {file.Digest} is damaged: its {file.Length} bytes have another digest; store it again from a copy.";
            }
        }

        return null;
    }

    private static async Task<bool> HasDigestAsync(Stream content, string digest, CancellationToken cancellationToken)
    {
        await using (content)
        {
            return await Digest.OfAsync(content, cancellationToken) == digest;
        }
    }
}
