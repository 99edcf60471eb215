using Refinery.Contract;

namespace Refinery.Builds.Processes;

/// <summary>Runs a command to its end: streams its output, keeps its limits, and leaves none of its processes behind.</summary>
internal sealed class ChildProcess(TimeProvider clock)
{
    /// <summary>Runs the command.</summary>
    /// <param name="onLine">Takes each line of standard output and error, in the order they were written.</param>
    /// <param name="work">Where the command's mark is kept, so that the next start finds what a killed host left.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; its processes have ended.</exception>
    /// <exception cref="ChildStartException">The program cannot be started.</exception>
    public async Task<BuildExit> RunAsync(ChildCommand command, Func<string, ValueTask> onLine, WorkFolder work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var start = clock.GetTimestamp();
        using var limit = new CancellationTokenSource(command.TimeLimit ?? Timeout.InfiniteTimeSpan, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var child = ChildStart.Start(command, work.Mark);
        work.Remember(child.Pid);

        using var pump = new OutputPump(child.Output);
        var reading = PumpAsync(pump, onLine, stop);
        var timedOut = !await EndsByItselfAsync(child.WaitAsync(), stop.Token) && limit.IsCancellationRequested;
        var isGone = await new ProcessGroup(child.Pid, work.Mark, clock).EndAsync(command.Grace);
        var code = isGone ? child.Reap() : 255;
        pump.EndWhenIdle();
        await reading;
        cancellationToken.ThrowIfCancellationRequested();
        return new BuildExit(code, timedOut, clock.GetElapsedTime(start));
    }

    /// <summary>When the taker of lines fails, the command is stopped: nobody would know what it did.</summary>
    private static async Task PumpAsync(OutputPump pump, Func<string, ValueTask> onLine, CancellationTokenSource stop)
    {
        var isDelivered = false;
        try
        {
            await pump.RunAsync(onLine);
            isDelivered = true;
        }
        finally
        {
            if (!isDelivered)
            {
                await stop.CancelAsync();
            }
        }
    }

    private static async Task<bool> EndsByItselfAsync(Task end, CancellationToken stop)
    {
        await Task.WhenAny(end, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop));
        return end.IsCompleted;
    }
}
