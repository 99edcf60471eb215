using System.Runtime.InteropServices;

namespace Refinery.Builds.Processes;

/// <summary>The C library's calls for starting, signalling and awaiting a child; .NET's own offer neither sessions nor one pipe for both outputs.</summary>
internal static partial class Native
{
    public const int CloseOnExec = 0x80000;
    public const int WaitExited = 4;
    public const int WaitLeavesZombie = 0x01000000;
    public const int WaitForPid = 1;
    public const int Interrupted = 4;
    public const short SetSigDefault = 0x04;
    public const short SetSigMask = 0x08;
    public const short SetSession = 0x80;
    public const short PollIn = 1;
    public const int SignalTerm = 15;
    public const int SignalKill = 9;

    // Larger than glibc's and musl's opaque structures and siginfo_t.
    public const int StructureBytes = 512;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int pipe2([Out] int[] ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(ref PollRequest request, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(int descriptor, [Out] byte[] buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int waitid(int idType, int pid, [Out] byte[] information, int options);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int waitpid(int pid, out int status, int options);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int posix_spawn(out int pid, string path, byte[] actions, byte[] attributes, nint[] arguments, nint[] environment);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_init(byte[] actions);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_destroy(byte[] actions);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_adddup2(byte[] actions, int from, int to);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int posix_spawn_file_actions_addopen(byte[] actions, int descriptor, string path, int flags, int mode);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int posix_spawn_file_actions_addchdir_np(byte[] actions, string path);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_init(byte[] attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_destroy(byte[] attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setflags(byte[] attributes, short flags);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigmask(byte[] attributes, byte[] signals);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigdefault(byte[] attributes, byte[] signals);
}

/// <summary>One descriptor to wait for, as poll(2) lays it out.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollRequest
{
    public int Descriptor;
    public short Events;
    public short Returned;
}
