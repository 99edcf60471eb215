using Microsoft.Extensions.Logging;

namespace Refinery.Builds.Processes;

/// <summary>Ends the processes and removes the folders that a killed host left behind.</summary>
/// <remarks>
/// A process is ended only when it carries the folder's random mark in its environment, or is the very command the mark file
/// names by pid and start time, or is in that command's group. Folders of a host that still runs are left alone.
/// </remarks>
internal sealed partial class Leftovers(TimeProvider clock, ILogger<Leftovers> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Clears the folder that holds the attempts' folders.</summary>
    /// <param name="onDead">Takes the mark of each attempt that nobody runs any more, for what is known by its mark elsewhere; false keeps it for the next start.</param>
    /// <returns>How many attempts were cleared.</returns>
    public async Task<int> ClearAsync(string root, Func<string, Task<bool>> onDead, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(root))
        {
            return 0;
        }

        var cleared = 0;
        var marked = Directory.GetFiles(root, "*" + WorkFolder.MarkSuffix).Select(file => file[..^WorkFolder.MarkSuffix.Length]);
        foreach (var folder in marked.Union(Directory.GetDirectories(root), StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            cleared += await ClearOneAsync(folder, onDead) ? 1 : 0;
        }

        if (cleared > 0)
        {
            LogCleared(cleared);
        }

        return cleared;
    }

    private async Task<bool> ClearOneAsync(string folder, Func<string, Task<bool>> onDead)
    {
        string[] lines = File.Exists(folder + WorkFolder.MarkSuffix) ? await File.ReadAllLinesAsync(folder + WorkFolder.MarkSuffix) : [];
        if (lines.Length >= 3 && lines[0] == ProcessTable.BootId())
        {
            if (Lives(lines[1]) is not null)
            {
                return false;
            }

            await EndAsync(lines[2], lines[3..]);
        }

        if (lines.Length >= 3 && !await onDead(lines[2]))
        {
            return false;
        }

        WorkFolder.Remove(folder);
        return true;
    }

    private async Task EndAsync(string mark, string[] commands)
    {
        var start = clock.GetTimestamp();
        while (Ours(mark, commands) is { Count: > 0 } processes && clock.GetElapsedTime(start) < Patience)
        {
            foreach (var process in processes.Where(process => ProcessTable.Find(process.Pid) == process))
            {
                _ = Native.kill(process.Pid, Native.SignalKill);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), clock, CancellationToken.None);
        }
    }

    private static List<ProcessEntry> Ours(string mark, string[] commands)
    {
        // Only a group that the command leads is its own: in any other it would be a guest among strangers.
        var leaders = commands.Select(Lives).OfType<ProcessEntry>().Where(process => process.Group == process.Pid).Select(process => process.Pid).ToHashSet();
        return [.. ProcessTable.List().Where(process => !process.IsZombie
            && (leaders.Contains(process.Group) || ProcessTable.HasVariable(process.Pid, ProcessGroup.MarkVariable, mark)))];
    }

    /// <summary>The process with this pid if it is the one that started then, else null.</summary>
    private static ProcessEntry? Lives(string identity) =>
        int.TryParse(identity.Split(' ')[0], out var pid) && WorkFolder.Identity(pid) == identity && ProcessTable.Find(pid) is { IsZombie: false } process
            ? process
            : null;

    [LoggerMessage(Level = LogLevel.Information, Message = "Cleared {Count} builds that an earlier process left behind.")]
    private partial void LogCleared(int count);
}
