using Microsoft.Extensions.Options;

namespace Refinery.Host;

/// <summary>The folder of everything that is kept, held by one process at a time.</summary>
internal sealed class DataDirectory(IOptions<HostOptions> options) : Kernel.Storage.IDataDirectory, IDisposable
{
    private FileStream? hold;

    /// <summary>Absolute.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(options.Value.DataDirectory);

    /// <summary>The absolute path of a file: where an option says, else by its name in the folder.</summary>
    /// <param name="configured">The option's value; null or empty when it is unset.</param>
    public string Resolve(string? configured, string name) =>
        System.IO.Path.GetFullPath(string.IsNullOrEmpty(configured) ? System.IO.Path.Combine(Path, name) : configured);

    /// <summary>Makes the folder and holds it until the process ends.</summary>
    /// <exception cref="StartupException">It cannot be made, or another process holds it.</exception>
    public void Open()
    {
        try
        {
            Directory.CreateDirectory(Path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"DATA_DIR '{Path}' cannot be made; a folder that this user may write is expected.", fault);
        }

        Hold(FileMode.OpenOrCreate, FileAccess.ReadWrite);
    }

    /// <summary>Holds the folder until the process ends and makes nothing in it.</summary>
    /// <exception cref="StartupException">Another process holds it.</exception>
    public void HoldAsItIs()
    {
        if (File.Exists(LockPath))
        {
            Hold(FileMode.Open, FileAccess.Read);
        }
    }

    public void Dispose() => hold?.Dispose();

    private string LockPath => System.IO.Path.Combine(Path, ".lock");

    private void Hold(FileMode mode, FileAccess access)
    {
        try
        {
            hold ??= new FileStream(LockPath, mode, access, FileShare.None);
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new StartupException($"DATA_DIR '{Path}' cannot be written by this user; a folder that it may write is expected.", fault);
        }
        catch (IOException fault)
        {
            throw new StartupException($"DATA_DIR '{Path}' is held by another Refinery process; stop it, or give this one its own DATA_DIR.", fault);
        }
    }
}
