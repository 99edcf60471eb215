using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Journal;

namespace Refinery.Host;

/// <summary>Opens the key that signs checkpoints, and makes it at the first start.</summary>
internal static class CheckpointKeyFile
{
    /// <exception cref="StartupException">The file cannot be read or made, or holds no such key.</exception>
    public static CheckpointKey Open(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<JournalOptions>>().Value;
        var path = services.GetRequiredService<DataDirectory>().Resolve(options.CheckpointKeyFile, "checkpoint.pem");
        try
        {
            return CheckpointKey.Open(path);
        }
        catch (CryptographicException fault)
        {
            throw new StartupException($"CHECKPOINT_KEY_FILE '{path}' holds no private key of the kind ECDSA P-256 in PEM; bring it back, or move it away to have a new one made, which older checkpoints do not belong to.", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"CHECKPOINT_KEY_FILE '{path}' cannot be read or made; a file of this user is expected.", fault);
        }
    }
}
