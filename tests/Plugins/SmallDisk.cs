using System.Diagnostics;

namespace Refinery.Tests.Plugins;

/// <summary>A file system in memory that is soon full.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string path;

    public SmallDisk(string path, int kilobytes)
    {
        this.path = path;
        Directory.CreateDirectory(path);
        if (Run("mount", "-t", "tmpfs", "-o", $"size={kilobytes}k", "tmpfs", path) != 0)
        {
            throw new IOException($"No file system could be mounted on {path}.");
        }
    }

    /// <summary>Null when this user may mount; else why not.</summary>
    public static string? Refusal { get; } = FindRefusal();

    private string Ballast => Path.Combine(path, "ballast");

    /// <summary>Takes every byte that is left.</summary>
    public void Fill()
    {
        using var ballast = new FileStream(Ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var page = new byte[4096];
        try
        {
            while (true)
            {
                ballast.Write(page);
            }
        }
        catch (IOException)
        {
            // Full, as asked for.
        }
    }

    public void Free() => File.Delete(Ballast);

    public void Dispose() => Run("umount", path);

    private static string? FindRefusal()
    {
        using var folder = new TemporaryFolder();
        try
        {
            using var disk = new SmallDisk(folder.File("disk"), kilobytes: 64);
            return null;
        }
        catch (Exception exception) when (exception is IOException or System.ComponentModel.Win32Exception)
        {
            return "needs the right to mount a small file system";
        }
    }

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false });
        process!.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}

/// <summary>A fact that needs a disk that can be filled.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FactWithSmallDiskAttribute : FactAttribute
{
    public override string? Skip
    {
        get => SmallDisk.Refusal;
        set => throw new NotSupportedException("The disk decides.");
    }
}
