using System.Runtime.InteropServices;

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

    /// <summary>Lets it write where the build writes.</summary>
    public void Own(BuildTask task)
    {
        if (IsForRoot && !OperatingSystem.IsWindows())
        {
            const UnixFileMode Everybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
                | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
            File.SetUnixFileMode(task.Output, Everybody);
            File.SetUnixFileMode(task.Work.Folder("venv"), Everybody);
        }
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial uint getegid();
}
