using System.Diagnostics;

namespace Refinery.Tests.Builds;

/// <summary>A build that never ends, whose processes fork, leave its group and do not hear TERM.</summary>
internal sealed class StubbornBuild(string package)
{
    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(5);

    /// <summary>On the command line of every process it starts.</summary>
    private readonly string token = $"stubborn-{Guid.NewGuid():N}";

    public string Package => package;

    /// <summary>Writes its source archive.</summary>
    public void Write(string folder) => SourceArchive.WriteRunning(folder, package, $"""
        import signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = 'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print("deaf", flush=True); time.sleep(1000)'
        deaf = [subprocess.Popen([sys.executable, '-c', child, '{token}'], start_new_session=bool(index % 2), stdout=subprocess.PIPE) for index in range(4)]
        for process in deaf:
            process.stdout.readline()
        print('four are deaf', flush=True)
        time.sleep(1000)
        """);

    /// <summary>Waits until its processes are there.</summary>
    public Task UntilRunsAsync() => Wait.UntilAsync(() => Task.FromResult(Processes.WithArgument(token).Count >= 4));

    /// <summary>Its processes that have not ended, those that lead it among them.</summary>
    private IReadOnlyList<string> Living => [.. Processes.WithArgument(token).Union(Processes.WithVariable($"/work/{package}-"), StringComparer.Ordinal)];

    /// <summary>Cancels it by this call and sees that its processes have ended within the time that is promised.</summary>
    public async Task CancelAsync(Func<Task> cancel)
    {
        var start = Stopwatch.GetTimestamp();
        await cancel();
        await Wait.UntilAsync(() => Task.FromResult(Living.Count == 0));
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, Promise);
    }
}
