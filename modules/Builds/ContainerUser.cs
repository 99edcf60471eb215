using System.Runtime.InteropServices;
using Refinery.Builds.Processes;
using Refinery.Contract;

namespace Refinery.Builds;

/// <summary>Who builds inside a container: never the host's root.</summary>
internal sealed partial record ContainerUser(uint Id, uint Group)
{
    private const uint Nobody = 65_534;

    /// <summary>This process's own user, so that the wheel is its own; nobody when that is root.</summary>
    public static ContainerUser Current { get; } = geteuid() == 0 ? new(Nobody, Nobody) : new(geteuid(), getegid());

    private bool IsForRoot => Id == Nobody;

    /// <summary>The engine's arguments.</summary>
    public IReadOnlyList<string> Arguments => ["--user", $"{Id}:{Group}"];

    /// <summary>Why it cannot read a folder of sources, in one sentence; null when it can.</summary>
    public string? Fault(IEnumerable<string> folders)
    {
        const UnixFileMode Readable = UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        if (!IsForRoot || OperatingSystem.IsWindows())
        {
            return null;
        }

        foreach (var folder in folders)
        {
            if (!Directory.Exists(folder) || (File.GetUnixFileMode(folder) & Readable) != Readable)
            {
                return $"Builds in containers run as user {Id}, who cannot read '{folder}' of FIND_LINKS; a folder that others may read is expected.";
            }
        }

        return null;
    }

    /// <summary>Lets it read and write what is the build's own.</summary>
    public void Own(BuildTask task)
    {
        if (IsForRoot && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(task.Sdist, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            const UnixFileMode Everybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
                | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
            File.SetUnixFileMode(task.Output, Everybody);
            File.SetUnixFileMode(WorkFolder.Of(task).Folder("venv"), Everybody);
        }
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial uint getegid();
}
