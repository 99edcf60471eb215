using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Web;

namespace Refinery.Host.Proxy;

/// <summary>Runs WORKER_LOCAL_CMD in the background, one at a time; a trigger during a run is kept and runs it once more.</summary>
internal sealed partial class WorkerCommand(IOptions<ProxyOptions> options, ILogger<WorkerCommand> logger) : IHostedService
{
    private readonly Lock gate = new();
    private Process? running;
    private Task run = Task.CompletedTask;
    private bool again;
    private bool stopping;

    /// <summary>Starts the command, or remembers to when it runs.</summary>
    /// <returns>Null when it runs now, else one sentence why it cannot.</returns>
    public string? Drain()
    {
        lock (gate)
        {
            if (running is not null)
            {
                again = true;
                return null;
            }

            return StartLocked();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            stopping = true;
            Kill(running);
        }

        await run.WaitAsync(cancellationToken);
    }

    private static void Kill(Process? process)
    {
        try
        {
            process?.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended by itself.
        }
    }

    private string? StartLocked()
    {
        var words = ArgumentList.Split(options.Value.WorkerLocalCommand) ?? [];
        var start = new ProcessStartInfo(words[0], [.. words.Skip(1), "drain"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            running = Process.Start(start) ?? throw new InvalidOperationException("A new process was asked for and none was started.");
        }
        catch (Win32Exception)
        {
            return $"WORKER_LOCAL_CMD {Errors.Quote(words[0])} cannot be started; an executable program is expected.";
        }

        running.StandardInput.Close();
        run = FollowAsync(running);
        return null;
    }

    private async Task FollowAsync(Process process)
    {
        await Task.WhenAll(LogAsync(process.StandardOutput), LogAsync(process.StandardError));
        await process.WaitForExitAsync();
        LogEnd(logger, process.ExitCode == 0 ? LogLevel.Information : LogLevel.Warning, process.ExitCode);
        process.Dispose();
        lock (gate)
        {
            running = null;
            if (again && !stopping)
            {
                again = false;
                if (StartLocked() is { } fault)
                {
                    LogUnstarted(logger, fault);
                }
            }
        }
    }

    private async Task LogAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            LogLine(logger, line);
        }
    }

    [LoggerMessage(LogLevel.Information, "Worker command: {Line}")]
    private static partial void LogLine(ILogger logger, string line);

    [LoggerMessage(LogLevel.Warning, "A kept trigger could not run the worker command. {Fault}")]
    private static partial void LogUnstarted(ILogger logger, string fault);

    [LoggerMessage("The worker command ended with exit code {ExitCode}.")]
    private static partial void LogEnd(ILogger logger, LogLevel level, int exitCode);
}
