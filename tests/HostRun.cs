using System.Diagnostics;
using System.Text;

namespace Refinery.Tests;

/// <summary>The host as a process of its own, for what only a process can show: its sentences, its exit code, its end.</summary>
internal sealed class HostRun : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder errors = new();
    private readonly TaskCompletionSource<string> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task reading;
    private bool isDisposed;

    private HostRun(Process process)
    {
        this.process = process;
        reading = Task.WhenAll(ReadAsync(process.StandardOutput, output), ReadAsync(process.StandardError, errors));
    }

    public string Errors => errors.ToString();

    public string Output => output.ToString();

    /// <summary>True from the moment before <see cref="Kill"/> strikes.</summary>
    public bool IsKilled { get; private set; }

    /// <summary>Starts a host with these environment variables and no others of Refinery's.</summary>
    public static HostRun Start(TemporaryFolder folder, IReadOnlyList<string> arguments, params (string Name, string Value)[] environment) =>
        StartProgram(folder, "dotnet", [Paths.HostProgram, .. arguments], environment);

    /// <summary>Starts another program that runs the host, in the same surroundings.</summary>
    public static HostRun StartProgram(TemporaryFolder folder, string program, IReadOnlyList<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.Path,
        };
        start.Environment["DATA_DIR"] = folder.File("data");
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new HostRun(Process.Start(start)!);
    }

    /// <summary>True once its ready line is seen.</summary>
    public bool IsReady => ready.Task.IsCompletedSuccessfully;

    /// <summary>The address of its ready line.</summary>
    public async Task<Uri> ReadyAsync() => new(await ready.Task.WaitAsync(Patience));

    /// <summary>Asks it to stop, as an init system does.</summary>
    public void Terminate() => Signal("-TERM");

    /// <summary>Asks it to stop, as Ctrl-C does.</summary>
    public void Interrupt() => Signal("-INT");

    /// <summary>Lets it sleep, as a machine does that is suspended.</summary>
    public void Suspend() => Signal("-STOP");

    /// <summary>Wakes it up again.</summary>
    public void Resume() => Signal("-CONT");

    /// <summary>Ends it as a power cut does: without a word.</summary>
    public void Kill()
    {
        IsKilled = true;
        process.Kill();
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ExitAsync()
    {
        await process.WaitForExitAsync().WaitAsync(Patience);
        await reading;
        return process.ExitCode;
    }

    /// <summary>Ends it if it runs; a second call does nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (isDisposed)
        {
            return;
        }

        isDisposed = true;
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private void Signal(string signal)
    {
        using var kill = Process.Start("kill", [signal, process.Id.ToString()]);
        kill.WaitForExit();
    }

    private async Task ReadAsync(StreamReader reader, StringBuilder into)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            into.AppendLine(line);
            if (line.StartsWith("Refinery is ready on ", StringComparison.Ordinal))
            {
                ready.TrySetResult(line["Refinery is ready on ".Length..]);
            }
        }

        ready.TrySetException(new InvalidOperationException($"The host ended before it was ready: {errors}"));
    }
}
