using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Host.Proxy;

/// <summary>The folders that builds write to can be written: a file is made and removed in each.</summary>
internal sealed class FolderCheck(IDataDirectory data) : ISmokeCheck
{
    public string Name => "folders";

    public Task<string?> FaultAsync(CancellationToken cancellationToken)
    {
        string[] folders = [data.Path, Path.GetTempPath()];
        return Task.FromResult(folders.Select(Fault).FirstOrDefault(fault => fault is not null));
    }

    /// <summary>Whether a file can be made and removed in a folder.</summary>
    public static bool CanWrite(string folder)
    {
        try
        {
            var probe = Path.Combine(folder, $".smoke-{Ids.RandomHex(8)}");
            using var file = new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            file.WriteByte(0);
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string? Fault(string folder) => CanWrite(folder) ? null : $"The folder {folder} cannot be written.";
}
