using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Refinery.Builds.Processes;

/// <summary>A child started in its own session, so that its pid names its process group, with one pipe for standard output and error.</summary>
/// <remarks>
/// Until <see cref="Reap"/> the ended leader stays a zombie: its pid, and with it the group's number, cannot be given to
/// another process, so signalling the group never meets a stranger.
/// </remarks>
internal sealed class SpawnedChild
{
    private SpawnedChild(int pid, int output)
    {
        Pid = pid;
        Output = output;
    }

    public int Pid { get; }

    /// <summary>The descriptor of the pipe's reading end; its reader closes it.</summary>
    public int Output { get; }

    /// <summary>Starts the program.</summary>
    /// <param name="program">An absolute path.</param>
    /// <exception cref="Win32Exception">It cannot be started: no such file, not executable, no such folder.</exception>
    public static SpawnedChild Start(string program, IReadOnlyList<string> arguments, string folder, IReadOnlyDictionary<string, string> environment)
    {
        var ends = new int[2];
        Check(Native.pipe2(ends, Native.CloseOnExec) == 0 ? 0 : Marshal.GetLastPInvokeError());
        var started = false;
        try
        {
            var pid = Spawn([program, .. arguments], folder, [.. environment.Select(variable => $"{variable.Key}={variable.Value}")], ends[1]);
            started = true;
            return new SpawnedChild(pid, ends[0]);
        }
        finally
        {
            _ = Native.close(ends[1]);
            if (!started)
            {
                _ = Native.close(ends[0]);
            }
        }
    }

    /// <summary>Completes when the leader has ended, leaving it a zombie.</summary>
    public Task WaitAsync() => Task.Factory.StartNew(
        () =>
        {
            var information = new byte[Native.StructureBytes];
            while (Native.waitid(Native.WaitForPid, Pid, information, Native.WaitExited | Native.WaitLeavesZombie) != 0
                && Marshal.GetLastPInvokeError() == Native.Interrupted)
            {
            }
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    /// <summary>Takes the ended leader's exit code; 128 plus the signal's number when a signal ended it.</summary>
    public int Reap()
    {
        int status;
        int reaped;
        do
        {
            reaped = Native.waitpid(Pid, out status, 0);
        }
        while (reaped == -1 && Marshal.GetLastPInvokeError() == Native.Interrupted);

        var signal = status & 0x7f;
        // Not reaped by us: the host was started with SIGCHLD ignored and the runtime collected the code.
        return reaped != Pid ? 255 : signal != 0 ? 128 + signal : (status >> 8) & 0xff;
    }

    private static int Spawn(string[] command, string folder, string[] environment, int output)
    {
        var actions = new byte[Native.StructureBytes];
        var attributes = new byte[Native.StructureBytes];
        using var commandTexts = new NativeTexts(command);
        using var environmentTexts = new NativeTexts(environment);
        _ = Native.posix_spawn_file_actions_init(actions);
        _ = Native.posix_spawnattr_init(attributes);
        try
        {
            Check(Native.posix_spawn_file_actions_addopen(actions, 0, "/dev/null", 0, 0));
            Check(Native.posix_spawn_file_actions_adddup2(actions, output, 1));
            Check(Native.posix_spawn_file_actions_adddup2(actions, output, 2));
            Check(Native.posix_spawn_file_actions_addchdir_np(actions, folder));
            ResetSignals(attributes);
            Check(Native.posix_spawn(out var pid, command[0], actions, attributes, commandTexts.Pointers, environmentTexts.Pointers));
            return pid;
        }
        finally
        {
            _ = Native.posix_spawn_file_actions_destroy(actions);
            _ = Native.posix_spawnattr_destroy(attributes);
        }
    }

    /// <summary>The runtime ignores SIGPIPE, and ignored signals survive exec: a build's tools expect the defaults.</summary>
    private static void ResetSignals(byte[] attributes)
    {
        var every = new byte[Native.StructureBytes];
        Array.Fill(every, (byte)0xff);
        Check(Native.posix_spawnattr_setsigmask(attributes, new byte[Native.StructureBytes]));
        Check(Native.posix_spawnattr_setsigdefault(attributes, every));
        Check(Native.posix_spawnattr_setflags(attributes, (short)(Native.SetSession | Native.SetSigMask | Native.SetSigDefault)));
    }

    private static void Check(int error)
    {
        if (error != 0)
        {
            throw new Win32Exception(error);
        }
    }
}
