using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Refinery.Builds.Processes;
using Refinery.Contract;

namespace Refinery.Tests.Builds;

/// <summary>Children are run with their own group, limits and environment, and leave nothing behind.</summary>
public sealed class ChildProcessTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("refinery-child-").FullName;
    private readonly List<string> lines = [];

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task Output_and_error_arrive_in_the_order_they_were_written()
    {
        var exit = await RunPythonAsync("""
            import os
            for n in range(2000):
                os.write(1 + n % 2, b"line %d\n" % n)
            """);

        Assert.True(exit.Succeeded);
        Assert.Equal(Enumerable.Range(0, 2000).Select(number => $"line {number}"), lines);
    }

    [Fact]
    public async Task A_command_leads_its_own_session_and_sees_only_the_environment_given()
    {
        await RunPythonAsync("""
            import os
            print(os.getpid() == os.getsid(0) == os.getpgrp(), sorted(os.environ), os.getcwd(), os.read(0, 1))
            """);

        var line = Assert.Single(lines);
        Assert.Matches(@"^True \[('LC_CTYPE', )?'PATH', 'REFINERY_BUILD_MARK'\] .*/inside b''$", line);
    }

    [Fact]
    public async Task Signals_the_runtime_ignores_have_their_default_in_the_child()
    {
        await RunAsync("/bin/sh", ["-c", "grep SigIgn /proc/self/status"]);

        Assert.Matches(@"^SigIgn:\s+0+$", Assert.Single(lines));
    }

    [Fact]
    public async Task The_exit_code_is_the_commands_own()
    {
        Assert.Equal(7, (await RunAsync("/bin/sh", ["-c", "exit 7"])).Code);
        Assert.Equal(128 + 9, (await RunAsync("/bin/sh", ["-c", "kill -9 $$"])).Code);
    }

    [Fact]
    public async Task A_program_that_is_not_installed_is_one_sentence()
    {
        var fault = await Assert.ThrowsAsync<ChildStartException>(() => RunAsync("no-such-program", []));

        Assert.Equal("The program 'no-such-program' is not installed.", fault.Message);
    }

    [Fact]
    public async Task Arguments_are_never_read_by_a_shell()
    {
        await RunAsync("/bin/echo", ["$(touch owned); `id` && 'x' *", ""]);

        Assert.Equal(["$(touch owned); `id` && 'x' * "], lines);
    }

    [Fact]
    public async Task The_time_limit_ends_children_that_ignore_TERM()
    {
        // Long enough for the family to be there on a busy machine; it would stay ten minutes.
        var exit = await RunPythonAsync(StubbornFamily, timeLimit: TimeSpan.FromSeconds(4));

        Assert.True(exit.TimedOut);
        Assert.False(exit.Succeeded);
        AssertGone();
    }

    [Fact]
    public async Task Cancelling_ends_the_whole_family_and_throws()
    {
        using var cancel = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunPythonAsync(
            StubbornFamily,
            onLine: line => line == "ready" ? new ValueTask(cancel.CancelAsync()) : default,
            cancellationToken: cancel.Token));

        AssertGone();
    }

    [Fact]
    public async Task What_a_finished_command_left_running_is_ended()
    {
        var exit = await RunPythonAsync("""
            import os, time
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    print("daemon", os.getpid(), flush=True)
                    time.sleep(600)
                os._exit(0)
            time.sleep(0.3)
            """);

        Assert.Equal(0, exit.Code);
        AssertGone();
    }

    [Fact]
    public async Task A_process_that_hides_and_holds_the_pipe_does_not_hold_us()
    {
        await RunPythonAsync("""
            import os, sys, time
            if os.fork() == 0:
                os.setsid()
                os.execve(sys.executable, [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)"], {})
            time.sleep(2)
            """);

        using var hidden = Process.GetProcessById(int.Parse(Assert.Single(lines), CultureInfo.InvariantCulture));
        Assert.False(hidden.HasExited);
        hidden.Kill();
    }

    [Fact]
    public async Task Long_lines_are_cut_and_invalid_text_is_replaced()
    {
        await RunPythonAsync("""
            import os
            os.write(1, b"x" * 100000 + b"\r\n" + b"caf\xe9\n" + b"10%\r20%\rno end")
            """);

        Assert.Equal(5, lines.Count);
        Assert.EndsWith("x … (83616 more bytes)", lines[0], StringComparison.Ordinal);
        Assert.Equal(["caf\ufffd", "10%", "20%", "no end"], lines[1..]);
    }

    [Fact]
    public async Task A_taker_of_lines_that_fails_stops_the_command()
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => RunPythonAsync(StubbornFamily, onLine: _ => throw new InvalidDataException()));

        AssertGone();
    }

    [Fact]
    public async Task The_memory_limit_holds()
    {
        var exit = await RunPythonAsync("x = bytearray(900_000_000)", memoryLimitBytes: 300_000_000);

        Assert.Equal(1, exit.Code);
        Assert.Contains("MemoryError", lines);
    }

    [Fact]
    public async Task The_next_start_ends_what_a_killed_host_left_and_nothing_else()
    {
        var mark = Guid.NewGuid().ToString("N");
        var folder = WorkFolder.Create(root, "left behind", mark);
        File.WriteAllText(Path.Combine(folder.Path, "half.whl"), "half");
        using var ours = StartSleeper(mark);
        using var foreign = StartSleeper("another");
        folder.Remember(ours.Id);
        PretendTheHostDied(folder);

        var cleared = await new Leftovers(TimeProvider.System, NullLogger<Leftovers>.Instance).ClearAsync(root, _ => Task.FromResult(true), CancellationToken.None);

        Assert.Equal(1, cleared);
        Assert.True(ours.WaitForExit(5000));
        Assert.False(foreign.HasExited);
        Assert.Empty(Directory.GetFileSystemEntries(root));
        foreign.Kill();
    }

    [Fact]
    public async Task The_folders_of_a_living_host_are_left_alone()
    {
        using var folder = WorkFolder.Create(root, "busy", "m1");

        var cleared = await new Leftovers(TimeProvider.System, NullLogger<Leftovers>.Instance).ClearAsync(root, _ => Task.FromResult(true), CancellationToken.None);

        Assert.Equal(0, cleared);
        Assert.True(Directory.Exists(folder.Path));
    }

    private const string StubbornFamily = """
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for n in range(3):
            if os.fork() == 0:
                if n == 2: os.setsid()
                print("child", os.getpid(), flush=True)
                time.sleep(600)
        print("leader", os.getpid(), flush=True)
        time.sleep(0.2)
        print("ready", flush=True)
        time.sleep(600)
        """;

    private static Process StartSleeper(string mark)
    {
        var start = new ProcessStartInfo("/bin/sleep", ["600"]);
        start.Environment["REFINERY_BUILD_MARK"] = mark;
        return Process.Start(start) ?? throw new InvalidOperationException();
    }

    private static void PretendTheHostDied(WorkFolder folder)
    {
        var file = folder.Path + WorkFolder.MarkSuffix;
        var marks = File.ReadAllLines(file);
        File.WriteAllLines(file, [marks[0], "999999999 1", .. marks[2..]]);
    }

    private void AssertGone()
    {
        var pids = lines.Where(line => line.StartsWith("child", StringComparison.Ordinal) || line.StartsWith("leader", StringComparison.Ordinal) || line.StartsWith("daemon", StringComparison.Ordinal))
            .Select(line => int.Parse(line.Split(' ')[1])).ToList();
        Assert.NotEmpty(pids);
        Assert.All(pids, pid => Assert.True(ProcessTable.Find(pid) is null or { IsZombie: true }));
    }

    private Task<BuildExit> RunPythonAsync(
        string script, TimeSpan? timeLimit = null, long? memoryLimitBytes = null, Func<string, ValueTask>? onLine = null, CancellationToken cancellationToken = default) =>
        RunAsync("/usr/bin/python3", ["-c", script], timeLimit, memoryLimitBytes, onLine, cancellationToken);

    private async Task<BuildExit> RunAsync(
        string program, string[] arguments, TimeSpan? timeLimit = null, long? memoryLimitBytes = null, Func<string, ValueTask>? onLine = null, CancellationToken cancellationToken = default)
    {
        using var work = WorkFolder.Create(root, "test", Guid.NewGuid().ToString("N"));
        var command = new ChildCommand(program, arguments, work.Folder("inside"), new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" })
        {
            TimeLimit = timeLimit,
            MemoryLimitBytes = memoryLimitBytes,
            Grace = TimeSpan.FromSeconds(1),
        };
        return await new ChildProcess(TimeProvider.System).RunAsync(command, onLine is null ? Keep : line => KeepAnd(line, onLine), work, cancellationToken);
    }

    private ValueTask Keep(string line)
    {
        lines.Add(line);
        return default;
    }

    private ValueTask KeepAnd(string line, Func<string, ValueTask> onLine)
    {
        if (lines.Count < 1000)
        {
            lines.Add(line);
        }

        return onLine(line);
    }
}
