namespace Refinery.Builds.Processes;

/// <summary>The processes of one command: its process group, and those that left the group but carry the command's mark in their environment.</summary>
/// <remarks>The leader must not be reaped before all have ended: until then nobody else can get the group's number.</remarks>
internal sealed class ProcessGroup(int leader, string mark, TimeProvider clock)
{
    /// <summary>The variable that carries the mark.</summary>
    public const string MarkVariable = "REFINERY_BUILD_MARK";

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(30);

    /// <summary>Sends TERM to all that live, KILL to those that outlive the grace, and returns when none is left.</summary>
    /// <returns>True when none is left; false when the system keeps one that even KILL does not end.</returns>
    public async Task<bool> EndAsync(TimeSpan grace)
    {
        Signal(Native.SignalTerm);
        if (await IsGoneWithinAsync(grace))
        {
            return true;
        }

        Signal(Native.SignalKill);
        return await IsGoneWithinAsync(TimeSpan.FromSeconds(5), again: Native.SignalKill);
    }

    /// <summary>The processes that have not ended.</summary>
    public List<ProcessEntry> Living() =>
        [.. ProcessTable.List().Where(process => !process.IsZombie && IsOurs(process))];

    private bool IsOurs(ProcessEntry process) =>
        process.Group == leader || ProcessTable.HasVariable(process.Pid, MarkVariable, mark);

    private void Signal(int signal)
    {
        // A number below 2 would mean our own group or every process there is.
        ArgumentOutOfRangeException.ThrowIfLessThan(leader, 2);

        // One call for the whole group, which no fork can slip out of; then those that left it.
        _ = Native.kill(-leader, signal);
        foreach (var process in Living().Where(process => process.Group != leader))
        {
            // Looked at once more, so that a number given to somebody else in between is left alone.
            if (ProcessTable.Find(process.Pid) == process)
            {
                _ = Native.kill(process.Pid, signal);
            }
        }
    }

    private async Task<bool> IsGoneWithinAsync(TimeSpan time, int again = 0)
    {
        var start = clock.GetTimestamp();
        while (Living().Count > 0)
        {
            if (clock.GetElapsedTime(start) > time)
            {
                return false;
            }

            if (again != 0)
            {
                Signal(again);
            }

            await Task.Delay(Look, clock, CancellationToken.None);
        }

        return true;
    }
}
