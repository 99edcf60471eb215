using System.Globalization;
using System.Text;

namespace Refinery.Builds.Processes;

/// <summary>What <c>/proc</c> says about a process.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="Group">Its process group.</param>
/// <param name="StartTicks">When it started, in clock ticks since boot: with the pid it names one process for good.</param>
/// <param name="IsZombie">It has ended and waits to be reaped.</param>
internal sealed record ProcessEntry(int Pid, int Group, long StartTicks, bool IsZombie);

/// <summary>Reads the system's processes from <c>/proc</c>; empty where there is none.</summary>
internal static class ProcessTable
{
    private const string Root = "/proc";

    /// <summary>Every process that can be seen.</summary>
    public static IEnumerable<ProcessEntry> List() =>
        Directory.Exists(Root)
            ? Directory.EnumerateDirectories(Root)
                .Select(folder => int.TryParse(Path.GetFileName(folder.AsSpan()), CultureInfo.InvariantCulture, out var pid) ? Find(pid) : null)
                .OfType<ProcessEntry>()
            : [];

    /// <summary>The process with this number, or null.</summary>
    public static ProcessEntry? Find(int pid)
    {
        var stat = Encoding.UTF8.GetString(ReadAll($"{Root}/{pid}/stat"));
        // The second field is the name in parentheses and may hold anything; after the last parenthesis come state, parent, group, …
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 19
            ? new ProcessEntry(pid, int.Parse(fields[2], CultureInfo.InvariantCulture), long.Parse(fields[19], CultureInfo.InvariantCulture), fields[0] is "Z" or "X")
            : null;
    }

    /// <summary>Whether the process was started with this variable in its environment; false when that cannot be seen.</summary>
    public static bool HasVariable(int pid, string name, string value)
    {
        var environment = ReadAll($"{Root}/{pid}/environ").AsSpan();
        var variable = Encoding.UTF8.GetBytes($"{name}={value}\0");
        return environment.StartsWith(variable) || environment.IndexOf((byte[])[0, .. variable]) >= 0;
    }

    /// <summary>The name of this boot; pids and start times mean nothing in another.</summary>
    public static string BootId() => Encoding.UTF8.GetString(ReadAll($"{Root}/sys/kernel/random/boot_id")).Trim();

    /// <summary>A process may end at any moment: what cannot be read is empty.</summary>
    private static byte[] ReadAll(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
